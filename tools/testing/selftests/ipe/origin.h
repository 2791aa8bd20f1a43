/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - policies without a signature, from files that the active policy
 * allows
 */
#ifndef IPE_SELFTEST_ORIGIN_H
#define IPE_SELFTEST_ORIGIN_H

#include "verity.h"

#define ORIGIN_NAME IPE_PREFIX "_origin"

#ifndef ALLOW
#define ALLOW "DEFAULT action=ALLOW\n"
#endif

/* Rules that allow a file with the property as a policy, and no other file. */
#define FROM(property)                                                      \
	"DEFAULT action=ALLOW\n"                                            \
	"op=POLICY " property " action=ALLOW\n"                             \
	"op=POLICY action=DENY\n"

/* NULL, or the reason why the kernel does not load policies by their path. */
const char *origin_missing(void);

/* Writes a policy's text, or any other, to a new file. */
int origin_write_text(const char *path, const void *text, size_t len);
int origin_write(const char *path, const char *name,
		 const struct ipe_version *version, const char *rules);
int origin_memfd(char *path, size_t size, const char *rules);

/*
 * Enables fs-verity, with a signature if another file has the same contents and
 * fs-verity without one. Returns the digest.
 */
int origin_protect(const char *path, const char *twin,
		   char digest[DIGEST_TEXT]);

/* Loads the policy at the path, as a new one or in the place of another one. */
int origin_load(const char *path);
int origin_update(const char *name, const char *path);

#endif /* IPE_SELFTEST_ORIGIN_H */
