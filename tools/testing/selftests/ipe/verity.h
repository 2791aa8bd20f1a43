/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - dm-verity volumes and fs-verity files
 */
#ifndef IPE_SELFTEST_VERITY_H
#define IPE_SELFTEST_VERITY_H

#include <linux/limits.h>
#include <stdbool.h>

#include "common.h"

/* "algorithm:digits", as in policies. */
#define DIGEST_TEXT 192

/* A file of images/ with its hash tree behind the data, and how to open it. */
struct image {
	char path[PATH_MAX];
	char signature[PATH_MAX];
	char algorithm[32];
	char root[2 * 64 + 1];
	char salt[2 * 256 + 1];
	/* One of the table's optional arguments, if any. */
	char option[32];
	unsigned long data_blocks;
	unsigned long hash_block;
};

/* A device with a file system on it, and its mount point. */
struct volume {
	char loop[32];
	/* The image that serves the device while another table waits. */
	char old_loop[32];
	char dm_name[64];
	char device[32];
	char mount[PATH_MAX];
};

int image_find(struct image *image, const char *name);
int image_checksum(struct image *image, const char *file);
void image_digest(const struct image *image, char digest[DIGEST_TEXT]);

/* Makes rules active that allow or deny only the root hash of the image. */
#define ONLY_ROOTHASH ALLOW_ONLY("dmverity_roothash=%s:%s")
#define NOT_ROOTHASH DENY_JUST("dmverity_roothash=%s:%s")
int image_enforce(const struct image *image, const char *rules);

int loop_open(const char *file, bool read_only, char device[32]);
int loop_close(const char *device);

int volume_prepare(struct volume *volume, const struct image *image,
		   bool with_signature);
int volume_resume(struct volume *volume);
int volume_mount(struct volume *volume, const char *at);
int volume_open(struct volume *volume, const struct image *image,
		bool with_signature, const char *mount_at);
int volume_open_linear(struct volume *volume, const struct image *image);
int volume_load_linear(const struct volume *volume, const struct image *image);
int volume_prepare_reload(struct volume *volume, const struct image *image,
			  bool with_signature);
bool volume_serves(const struct volume *volume, const struct image *image);
int volume_reload(struct volume *volume, const struct image *image,
		  bool with_signature);
int volume_close(struct volume *volume);

int find_keyring(const char *name);
int fsverity_keyring_setup(void);
int fsverity_enable(const char *path, unsigned int algorithm,
		    const struct blob *signature);
int fsverity_measure(const char *path, char digest[DIGEST_TEXT]);
int fsverity_sign(const char *measured, struct blob *signature);

#endif /* IPE_SELFTEST_VERITY_H */
