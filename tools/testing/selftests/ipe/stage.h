/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the places that files come from, one of each kind that a policy
 * can tell apart
 */
#ifndef IPE_SELFTEST_STAGE_H
#define IPE_SELFTEST_STAGE_H

#include "verity.h"

enum place {
	PLACE_INITRAMFS,
	PLACE_TMPFS,
	PLACE_MEMFD,
	PLACE_EXT4,		/* No fs-verity on this file */
	PLACE_FSV,		/* fs-verity with SHA-256 */
	PLACE_FSV_SHA512,
	PLACE_FSV_SIGNED,	/* with a built-in signature */
	PLACE_DMV,		/* dm-verity */
	PLACE_DMV_SIGNED,	/* with a signature of the root hash */
	PLACE_OVERLAY_UPPER,	/* Written to an overlay over ... */
	PLACE_OVERLAY_DMV,	/* ... a signed volume, seen through it */
	PLACE_OVERLAY_FSV,	/* Lower layer: the files with fs-verity */
	PLACE_OVERLAY_INITRAMFS,
	PLACES,
};

/* Rules by which all of the initramfs may be executed, and nothing else. */
#define TRUST_INITRAMFS ALLOW_ONLY("boot_verified=TRUE")

const char *stage_setup(void);
void stage_teardown(void);

/* The same for a program whose tests look at audit records, too. */
const char *audited_stage_setup(void);
void audited_stage_teardown(void);

/* And that can do nothing where the initramfs is missing. */
const char *audited_initramfs_setup(void);

/* NULL if the place exists, else why not. */
const char *stage_missing(enum place place);

/* The path of a file of the place: "probe" or "name". A memfd has the first. */
const char *stage_path(enum place place, const char *file);

/* The device of the place, as the kernel names it in messages. */
const char *stage_device(enum place place);

/* A directory of the stage's tmpfs. */
const char *stage_dir(void);

/* Mounts an overlay over that directory, at the name in the stage's tmpfs. */
int stage_overlay(const char *name, const char *lower);

/*
 * Replaces $fsv, $fsv512, $dmv, $dmvsigned (algorithm:digest of the place), and
 * $wrong, a digest that nothing has.
 */
int stage_rules(char *to, size_t size, const char *rules);

/* Lets such rules, and no others, be in force. */
int stage_enforce(const char *rules);

/* Skips a test that has no meaning without the place. */
#define NEEDS_PLACE(place)                                                  \
	do {                                                                \
		if (stage_missing(place))                                   \
			SKIP(return, "%s", stage_missing(place));           \
	} while (0)

extern struct image stage_dmv, stage_dmv_signed;

#endif /* IPE_SELFTEST_STAGE_H */
