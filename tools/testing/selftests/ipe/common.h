/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - securityfs, signed policies, and the state between tests
 *
 * Functions that can fail return 0 or a negative errno, as the kernel does, so
 * that a test can compare it with the errno it expects.
 */
#ifndef IPE_SELFTEST_COMMON_H
#define IPE_SELFTEST_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define IPE_ROOT "/sys/kernel/security/ipe"
#define IPE_POLICIES IPE_ROOT "/policies"
#define IPE_NEW_POLICY IPE_ROOT "/new_policy"
#define IPE_ENFORCE IPE_ROOT "/enforce"
#define IPE_SUCCESS_AUDIT IPE_ROOT "/success_audit"

/*
 * The names of the tests' policies begin with this; they are removed between
 * tests.
 */
#define IPE_PREFIX "ksft"

#define MIB (1024UL * 1024UL)

/* The largest policy that the kernel collects. */
#define IPE_MAX_POLICY (16 * MIB)

struct blob {
	unsigned char *data;
	size_t len;
};

struct ipe_version {
	unsigned short major, minor, rev;
};

/* How to sign a policy. */
enum sign_flags {
	SIGN_DER = 0,			/* The message contains the text */
	SIGN_APPENDED = 1 << 0,		/* As kernel modules are signed */
	SIGN_DETACHED = 1 << 1,		/* The bare signature, without text */
	SIGN_UNTRUSTED = 1 << 2,	/* By a key that the kernel does not trust */
	SIGN_ATTRIBUTES = 1 << 3,	/* With signed attributes */
	SIGN_INDEFINITE = 1 << 4,	/* A message with an indefinite length */
	SIGN_BY_NOBODY = 1 << 5,	/* A message without any signature */
	SIGN_BY_BOTH = 1 << 6,		/* By the untrusted and the trusted key */
	SIGN_BARE = 1 << 7,		/* Without the signer's certificate */
};

/* A certificate that is made while the tests run; it has the untrusted key. */
struct new_certificate {
	enum { BY_ITSELF, BY_TRUSTED, BY_OTHER_NEW } issuer;
	/*
	 * The names and the serial number of the trusted one, which identify
	 * it.
	 */
	bool as_trusted;
	/* The message also has the trusted one, which does not sign. */
	bool beside_trusted;
	/* Its validity, in seconds from now. */
	long from, until;
	/* Values of extensions, NULL for none. */
	const char *constraints, *usage, *extended_usage;
};

/* sign.c */
int sign_setup(const char *keys);
bool sign_possible(void);
int sign_blob(const void *text, size_t len, unsigned int flags,
	      struct blob *out);
int sign_certificate(struct blob *out);
int sign_by_new(const void *text, size_t len,
		const struct new_certificate *who, unsigned int flags,
		struct blob *out, char tbs[65]);
int sign_sha256(const void *data, size_t len, char hex[65]);
void blob_free(struct blob *blob);
int blob_read(const char *path, struct blob *blob);

/* common.c: files */
const char *test_path(char *buf, size_t size, const char *file);
int write_file(const char *path, const void *data, size_t len);
int write_string(const char *path, const char *string);
ssize_t read_file(const char *path, void *buf, size_t size);
int write_fd(int fd, const void *data, size_t len);
int copy_file(const char *from, const char *to, mode_t mode);

/* common.c: policies */
const char *policy_file(const char *name, const char *file);
int policy_text(struct blob *text, const char *name,
		const struct ipe_version *version, const char *rules);
int policy_sign(struct blob *policy, const char *name,
		const struct ipe_version *version, const char *rules,
		unsigned int flags);
int policy_submit(const char *file, const void *data, size_t len);
int policy_submit_text(const char *file, const char *text, size_t len,
		       unsigned int flags);
int policy_load(const char *name, const struct ipe_version *version,
		const char *rules);
int policy_update(const char *name, const struct ipe_version *version,
		  const char *rules);
int policy_activate(const char *name);
int policy_delete(const char *name);
bool policy_exists(const char *name);
char policy_state(const char *name);
int policy_active(char *name, size_t size, struct ipe_version *version);
int policy_enforce_rules(const char *rules);

/* Rules that allow executing objects with the property, and nothing else ... */
#define ALLOW_ONLY(property)                                                \
	"DEFAULT action=DENY\n"                                             \
	"op=EXECUTE " property " action=ALLOW\n"

/* ... or everything else. */
#define DENY_JUST(property)                                                 \
	"DEFAULT action=ALLOW\n"                                            \
	"op=EXECUTE " property " action=DENY\n"

/* common.c: the state between tests */
const char *ipe_unavailable(void);
bool ipe_is_strict(void);
bool ipe_lists_signers(void);
struct ipe_version ipe_version(void);
int ipe_reset(void);
int ipe_snapshot(char digest[65]);

/* common.c: privileges */
int cap_effective(int cap, bool on);
int cap_drop(int cap);

/* The policy that policy_enforce_rules() makes and activates. */
#define RULES_NAME IPE_PREFIX "_rules"

#endif /* IPE_SELFTEST_COMMON_H */
