/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - files that are used in every way, and of which one page may
 * change
 */
#ifndef IPE_SELFTEST_TARGET_H
#define IPE_SELFTEST_TARGET_H

#include "stale.h"
#include "verity.h"

#define TEST_FIRMWARE "/sys/devices/virtual/misc/test_firmware"

/* The page that changes, and how. */
enum part {
	PART_TEXT,	/* A program's code */
	PART_HEADERS,	/* Its headers name other code */
	PART_MAGIC,	/* It is not a program any more */
	PART_LINE,	/* A script's interpreter is another one */
};

struct target {
	/* The file, and the new content of its page. */
	struct stale stale;
	struct blob contents;
	unsigned char page[PAGE];

	/* An identical file with fs-verity. */
	char twin[PATH_MAX];
	char digest[DIGEST_TEXT];
	struct blob signature;

	/* A program whose ELF interpreter is the file. */
	char start[PATH_MAX];
	char start_digest[DIGEST_TEXT];
};

/* The use found another page than the hashed one. */
#define CHANGED (-ESTALE)

/*
 * try() returns 0 if it found the hashed data, CHANGED if it found later data,
 * or another negative errno if it was denied, or could not read.
 */
struct use {
	enum part part;
	int (*try)(const struct target *target, int flags);
	int flags;
};

extern const struct use use_text, use_headers, use_script;
extern const struct use use_interpreter_text, use_interpreter_headers;
extern const struct use use_map, use_map_shared;
extern const struct use use_protect, use_protect_shared;
extern const struct use use_module, use_firmware;

/* Makes the programs that scripts name, in a directory with fs-verity. */
int target_setup(const char *directory);

/* A file of the user STALE_USER, still without fs-verity. */
int target_make(struct target *target, const char *directory, enum part part);
void target_remove(struct target *target);

/*
 * Makes a policy active that allows only objects with the property, or with the
 * digest of the twin.
 */
int target_enforce(const struct target *target, const char *property);
int target_enforce_digest(const struct target *target);

/* Reads the page, with read(2) and through a mapping. */
int target_read(const struct target *target);
void *target_map(const struct target *target, int prot, int flags);
int target_judge(const struct target *target, const void *at);

#endif /* IPE_SELFTEST_TARGET_H */
