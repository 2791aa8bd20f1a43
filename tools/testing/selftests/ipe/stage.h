/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the places of files, one for each kind that a policy can
 * distinguish
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

/* Rules that allow executing the initramfs, and nothing else. */
#define TRUST_INITRAMFS ALLOW_ONLY("boot_verified=TRUE")

const char *stage_setup(void);
void stage_teardown(void);

/* The same for a program whose tests look at audit records, too. */
const char *audited_stage_setup(void);
void audited_stage_teardown(void);

/* And that cannot run without the initramfs. */
const char *audited_initramfs_setup(void);

/* NULL if the place exists, else the reason. */
const char *stage_missing(enum place place);

/*
 * The path of a file in the place: "probe" or "name". A memfd has only the
 * first.
 */
const char *stage_path(enum place place, const char *file);

/* The device of the place, as records name it. */
const char *stage_device(enum place place);

/* A directory on the stage's tmpfs. */
const char *stage_dir(void);

/* Mounts an overlay over that directory, at this name on the stage's tmpfs. */
int stage_overlay(const char *name, const char *lower);

/*
 * Replaces $fsv, $fsv512, $dmv, $dmvsigned (algorithm:digest of the place), and
 * $wrong, a digest that no file has.
 */
int stage_rules(char *to, size_t size, const char *rules);

/* Makes these rules active, and no others. */
int stage_enforce(const char *rules);

/* Skips a test that needs the place. */
#define NEEDS_PLACE(place)                                                  \
	do {                                                                \
		if (stage_missing(place))                                   \
			SKIP(return, "%s", stage_missing(place));           \
	} while (0)

extern struct image stage_dmv, stage_dmv_signed;

#endif /* IPE_SELFTEST_STAGE_H */
