// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the places of files
 *
 * A program sets them up once, before its tests fork.
 */
#include <linux/fsverity.h>
#include <sys/mount.h>

#include "access.h"
#include "audit.h"
#include "stage.h"

/* Shorter than a path, so that a path has room for a file below it. */
#define DIR_MAX 512

static char dir[64];
static const char *missing[PLACES];
static char place_dir[PLACES][DIR_MAX];
static char ext4_loop[32];
static struct volume dmv, dmv_signed;
static int memfd = -1;

struct image stage_dmv, stage_dmv_signed;
static char digest_fsv[DIGEST_TEXT], digest_fsv512[DIGEST_TEXT];
static char digest_dmv[DIGEST_TEXT], digest_dmv_signed[DIGEST_TEXT];

/* The contents of each place. */
static const char *const payload[] = { "probe", "name" };

const char *stage_dir(void)
{
	return dir;
}

static const char *in_dir(char *to, const char *name)
{
	snprintf(to, DIR_MAX, "%s/%s", dir, name);
	return to;
}

/* The files of the initramfs are those beside this program, if it is there. */
static void setup_initramfs(void)
{
	struct stat root, own;
	char mounts[64] = "";

	test_path(place_dir[PLACE_INITRAMFS], DIR_MAX, "");
	/* Paths that the kernel shows have one slash between directories. */
	place_dir[PLACE_INITRAMFS][strlen(place_dir[PLACE_INITRAMFS]) -
				      1] = '\0';
	read_file("/proc/mounts", mounts, sizeof(mounts));
	if (strncmp(mounts, "rootfs / ", 9) || stat("/", &root) ||
	    stat(place_dir[PLACE_INITRAMFS], &own) ||
	    root.st_dev != own.st_dev)
		missing[PLACE_INITRAMFS] =
			"the tests are not in an initramfs";
}

static int copy_payload(const char *to)
{
	char from[PATH_MAX], target[PATH_MAX];
	int fd, err;

	snprintf(target, sizeof(target), "%s/probe", to);
	err = copy_file(test_path(from, sizeof(from), "probe"), target, 0755);
	if (err)
		return err;
	snprintf(target, sizeof(target), "%s/name", to);
	fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = write_fd(fd, "a name\n", 7);
	close(fd);
	return err;
}

static int setup_tmpfs(void)
{
	in_dir(place_dir[PLACE_TMPFS], "tmpfs");
	if (mkdir(place_dir[PLACE_TMPFS], 0755))
		return -errno;
	return copy_payload(place_dir[PLACE_TMPFS]);
}

/* Enables fs-verity on each file, with a signature if requested. */
static int enable_all(enum place place, unsigned int algorithm,
		      bool with_signature)
{
	char path[PATH_MAX], measured[PATH_MAX];
	struct blob signature;
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(payload) / sizeof(*payload); i++) {
		snprintf(path, sizeof(path), "%s/%s", place_dir[place],
			 payload[i]);
		if (!with_signature) {
			err = fsverity_enable(path, algorithm, NULL);
		} else {
			/*
			 * An identical file elsewhere provides the digest to
			 * sign.
			 */
			snprintf(measured, sizeof(measured), "%s/%s",
				 place_dir[PLACE_FSV], payload[i]);
			err = fsverity_sign(measured, &signature);
			if (!err) {
				err = fsverity_enable(path, algorithm,
						      &signature);
				blob_free(&signature);
			}
		}
		if (err)
			return err;
	}
	return 0;
}

static int setup_fsverity(enum place place, const char *name,
			  unsigned int algorithm, bool with_signature)
{
	char sub[64];

	snprintf(sub, sizeof(sub), "ext4/%s", name);
	in_dir(place_dir[place], sub);
	if (mkdir(place_dir[place], 0755))
		return -errno;
	return copy_payload(place_dir[place]) ?:
	       enable_all(place, algorithm, with_signature);
}

/* A file system that this program may write to. */
static int setup_ext4(void)
{
	char image[PATH_MAX], copy[DIR_MAX];
	int err;

	test_path(image, sizeof(image), "images/ext4.img");
	err = copy_file(image, in_dir(copy, "ext4.img"), 0600);
	if (err)
		return err;
	err = loop_open(copy, false, ext4_loop);
	if (err)
		return err;
	in_dir(place_dir[PLACE_EXT4], "ext4");
	if (mkdir(place_dir[PLACE_EXT4], 0755) ||
	    mount(ext4_loop, place_dir[PLACE_EXT4], "ext4", 0, NULL))
		return -errno;
	return 0;
}

static void setup_fsverity_places(void)
{
	if (setup_ext4()) {
		missing[PLACE_EXT4] = "no ext4";
		missing[PLACE_FSV] = "no ext4";
		missing[PLACE_FSV_SHA512] = "no ext4";
		missing[PLACE_FSV_SIGNED] = "no ext4";
		missing[PLACE_OVERLAY_FSV] = "no ext4";
		return;
	}
	if (setup_fsverity(PLACE_FSV, "fsv", FS_VERITY_HASH_ALG_SHA256,
			   false)) {
		missing[PLACE_FSV] = "no fs-verity";
		missing[PLACE_OVERLAY_FSV] = "no fs-verity";
		missing[PLACE_FSV_SIGNED] = "no fs-verity";
	}
	if (setup_fsverity(PLACE_FSV_SHA512, "fsv512",
			   FS_VERITY_HASH_ALG_SHA512, false))
		missing[PLACE_FSV_SHA512] = "no fs-verity with SHA-512";
	if (missing[PLACE_FSV])
		return;
	fsverity_measure(stage_path(PLACE_FSV, "probe"), digest_fsv);
	if (!missing[PLACE_FSV_SHA512])
		fsverity_measure(stage_path(PLACE_FSV_SHA512, "probe"),
				 digest_fsv512);
	if (fsverity_keyring_setup() ||
	    setup_fsverity(PLACE_FSV_SIGNED, "fsvsigned",
			   FS_VERITY_HASH_ALG_SHA256, true))
		missing[PLACE_FSV_SIGNED] = "no built-in signatures of fs-verity";
}

static void setup_volume(enum place place, const char *name,
			 struct volume *volume, struct image *image,
			 bool with_signature, char *digest)
{
	in_dir(place_dir[place], name);
	if (image_find(image, with_signature ? "signed" : "plain")) {
		missing[place] = "no image of a dm-verity volume";
		return;
	}
	image_digest(image, digest);
	if (volume_open(volume, image, with_signature, place_dir[place]))
		missing[place] = with_signature ?
					 "no dm-verity with signatures" :
					 "no dm-verity";
}

int stage_overlay(const char *name, const char *lower)
{
	char at[DIR_MAX], upper[DIR_MAX], work[DIR_MAX], options[4 * DIR_MAX];

	in_dir(at, name);
	snprintf(upper, sizeof(upper), "%s/%s.upper", dir, name);
	snprintf(work, sizeof(work), "%s/%s.work", dir, name);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 lower, upper, work);
	if (mkdir(at, 0755) || mkdir(upper, 0755) || mkdir(work, 0755) ||
	    mount("overlay", at, "overlay", 0, options))
		return -errno;
	return 0;
}

static const char *setup_overlay(enum place place, const char *name,
				 const char *lower)
{
	in_dir(place_dir[place], name);
	return stage_overlay(name, lower) ? "no overlayfs" : NULL;
}

static void setup_overlays(void)
{
	missing[PLACE_OVERLAY_DMV] = missing[PLACE_DMV_SIGNED];
	if (!missing[PLACE_OVERLAY_DMV])
		missing[PLACE_OVERLAY_DMV] =
			setup_overlay(PLACE_OVERLAY_DMV, "overlaydmv",
				      place_dir[PLACE_DMV_SIGNED]);

	/* A file written through the overlay. */
	missing[PLACE_OVERLAY_UPPER] = missing[PLACE_OVERLAY_DMV];
	if (!missing[PLACE_OVERLAY_UPPER]) {
		in_dir(place_dir[PLACE_OVERLAY_UPPER],
			  "overlaydmv/written");
		if (mkdir(place_dir[PLACE_OVERLAY_UPPER], 0755) ||
		    copy_payload(place_dir[PLACE_OVERLAY_UPPER]))
			missing[PLACE_OVERLAY_UPPER] =
				"overlayfs is not writable";
	}

	if (!missing[PLACE_OVERLAY_FSV])
		missing[PLACE_OVERLAY_FSV] =
			setup_overlay(PLACE_OVERLAY_FSV, "overlayfsv",
				      place_dir[PLACE_FSV]);

	missing[PLACE_OVERLAY_INITRAMFS] = missing[PLACE_INITRAMFS];
	if (!missing[PLACE_OVERLAY_INITRAMFS])
		missing[PLACE_OVERLAY_INITRAMFS] =
			setup_overlay(PLACE_OVERLAY_INITRAMFS,
				      "overlayinitramfs",
				      place_dir[PLACE_INITRAMFS]);
}

const char *stage_setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/ipe-stage-%d", getpid());
	if (mkdir(dir, 0755) ||
	    mount("tmpfs", dir, "tmpfs", 0, "mode=755"))
		return "there is no tmpfs to work in";
	setup_initramfs();
	if (setup_tmpfs())
		return "the payload cannot be copied";
	memfd = subject_memfd();
	if (memfd < 0)
		missing[PLACE_MEMFD] = "no memfd_create(2)";
	setup_fsverity_places();
	setup_volume(PLACE_DMV, "dmv", &dmv, &stage_dmv, false, digest_dmv);
	setup_volume(PLACE_DMV_SIGNED, "dmvsigned", &dmv_signed,
		     &stage_dmv_signed, true, digest_dmv_signed);
	setup_overlays();
	return NULL;
}

void stage_teardown(void)
{
	static const enum place overlays[] = { PLACE_OVERLAY_DMV,
					       PLACE_OVERLAY_FSV,
					       PLACE_OVERLAY_INITRAMFS };
	unsigned int i;

	for (i = 0; i < sizeof(overlays) / sizeof(*overlays); i++)
		if (!missing[overlays[i]])
			umount2(place_dir[overlays[i]], 0);
	volume_close(&dmv);
	volume_close(&dmv_signed);
	if (!missing[PLACE_EXT4])
		umount2(place_dir[PLACE_EXT4], 0);
	if (ext4_loop[0])
		loop_close(ext4_loop);
	if (memfd >= 0)
		close(memfd);
	umount2(dir, 0);
	rmdir(dir);
}

const char *audited_stage_setup(void)
{
	return audit_setup() ?: stage_setup();
}

void audited_stage_teardown(void)
{
	stage_teardown();
	audit_teardown();
}

const char *audited_initramfs_setup(void)
{
	return audited_stage_setup() ?: stage_missing(PLACE_INITRAMFS);
}

const char *stage_missing(enum place place)
{
	return missing[place];
}

const char *stage_path(enum place place, const char *file)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	if (place == PLACE_MEMFD)
		snprintf(path, PATH_MAX, "/proc/self/fd/%d", memfd);
	else
		snprintf(path, PATH_MAX, "%s/%s", place_dir[place], file);
	return path;
}

const char *stage_device(enum place place)
{
	switch (place) {
	case PLACE_INITRAMFS:
		return "rootfs";
	case PLACE_TMPFS:
		return "tmpfs";
	case PLACE_EXT4:
	case PLACE_FSV:
	case PLACE_FSV_SHA512:
	case PLACE_FSV_SIGNED:
		return ext4_loop + strlen("/dev/");
	case PLACE_DMV:
		return dmv.device + strlen("/dev/");
	case PLACE_DMV_SIGNED:
		return dmv_signed.device + strlen("/dev/");
	default:
		return "overlay";
	}
}

int stage_rules(char *to, size_t size, const char *rules)
{
	static const char wrong[] =
		"sha256:0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef";
	static const struct {
		const char *name;
		const char *value;
	} words[] = {
		/* A name that begins with another one comes before it. */
		{ "$fsv512", digest_fsv512 },
		{ "$fsv", digest_fsv },
		{ "$dmvsigned", digest_dmv_signed },
		{ "$dmv", digest_dmv },
		{ "$wrong", wrong },
	};
	char *at = to, *const end = to + size;
	unsigned int i;
	size_t len;

	while (*rules) {
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (!strncmp(rules, words[i].name,
				     strlen(words[i].name)))
				break;
		if (i < sizeof(words) / sizeof(*words)) {
			len = strlen(words[i].value);
			if (!len || at + len >= end)
				return -EINVAL;
			at = mempcpy(at, words[i].value, len);
			rules += strlen(words[i].name);
		} else {
			if (at + 1 >= end)
				return -EINVAL;
			*at++ = *rules++;
		}
	}
	*at = '\0';
	return 0;
}

int stage_enforce(const char *rules)
{
	char expanded[8192];

	return stage_rules(expanded, sizeof(expanded), rules) ?:
	       policy_enforce_rules(expanded);
}
