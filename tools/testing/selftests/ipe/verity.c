// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - dm-verity volumes and fs-verity files
 */
#include <endian.h>
#include <linux/dm-ioctl.h>
#include <linux/fsverity.h>
#include <linux/keyctl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "verity.h"

#define BLOCK 4096
#define SECTORS(blocks) ((blocks) * (BLOCK / 512))

/*
 * Reads images/NAME.info, lines of KEY=VALUE; -ENOENT if the image was not
 * made.
 */
int image_find(struct image *image, const char *name)
{
	char line[1024], path[PATH_MAX], file[128];
	FILE *info;

	memset(image, 0, sizeof(*image));
	snprintf(file, sizeof(file), "images/%s.info", name);
	info = fopen(test_path(path, sizeof(path), file), "r");
	if (!info)
		return -errno;
	while (fgets(line, sizeof(line), info)) {
		sscanf(line, "algorithm=%31s", image->algorithm);
		sscanf(line, "root=%128s", image->root);
		sscanf(line, "salt=%512s", image->salt);
		sscanf(line, "data_blocks=%lu", &image->data_blocks);
		sscanf(line, "hash_block=%lu", &image->hash_block);
	}
	fclose(info);
	if (!image->root[0] || !image->data_blocks || !image->hash_block)
		return -EBADMSG;
	snprintf(file, sizeof(file), "images/%s.img", name);
	test_path(image->path, sizeof(image->path), file);
	snprintf(file, sizeof(file), "images/%s.p7s", name);
	test_path(image->signature, sizeof(image->signature), file);
	return 0;
}

void image_digest(const struct image *image, char digest[DIGEST_TEXT])
{
	snprintf(digest, DIGEST_TEXT, "%s:%s", image->algorithm, image->root);
}

int image_enforce(const struct image *image, const char *rules)
{
	char text[1024];

	snprintf(text, sizeof(text), rules, image->algorithm, image->root);
	return policy_enforce_rules(text);
}

/* CRC-32C, as the kernel's crypto API writes it. */
static void checksum(const unsigned char *data, size_t len, __le32 *to)
{
	uint32_t crc = ~0U;
	int bit;

	while (len--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	*to = htole32(~crc);
}

/*
 * Makes a file with the image's data and a tree of checksums behind it, which
 * is one block, and uses it as the image.
 */
int image_checksum(struct image *image, const char *file)
{
	__le32 tree[BLOCK / sizeof(__le32)] = {}, root;
	const size_t len = image->data_blocks * BLOCK;
	struct blob blob;
	unsigned long i;
	int fd, err;

	if (image->data_blocks > sizeof(tree) / sizeof(tree[0]))
		return -E2BIG;
	err = blob_read(image->path, &blob);
	if (err)
		return err;
	if (blob.len < len)
		err = -EBADMSG;
	for (i = 0; !err && i < image->data_blocks; i++)
		checksum(blob.data + i * BLOCK, BLOCK, &tree[i]);
	checksum((unsigned char *)tree, sizeof(tree), &root);

	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!err && fd < 0)
		err = -errno;
	err = err ?: write_fd(fd, blob.data, len);
	err = err ?: write_fd(fd, tree, sizeof(tree));
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	blob_free(&blob);
	if (err)
		return err;

	strcpy(image->algorithm, "crc32c");
	snprintf(image->root, sizeof(image->root), "%08x", be32toh(root));
	image->salt[0] = '\0';
	image->hash_block = image->data_blocks;
	snprintf(image->path, sizeof(image->path), "%s", file);
	return 0;
}

int loop_open(const char *file, bool read_only, char device[32])
{
	struct loop_config config = {
		.info.lo_flags = read_only ? LO_FLAGS_READ_ONLY : 0,
	};
	int control, loop, backing, number, err = 0;

	backing = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (backing < 0)
		return -errno;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		err = -errno;
		goto out_backing;
	}
	config.fd = backing;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0) {
		err = -errno;
		goto out_control;
	}
	snprintf(device, 32, "/dev/loop%d", number);
	loop = open(device, O_RDWR | O_CLOEXEC);
	if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config))
		err = -errno;
	if (loop >= 0)
		close(loop);
out_control:
	close(control);
out_backing:
	close(backing);
	return err;
}

int loop_close(const char *device)
{
	int err, loop = open(device, O_RDWR | O_CLOEXEC);

	if (loop < 0)
		return -errno;
	err = ioctl(loop, LOOP_CLR_FD) ? -errno : 0;
	close(loop);
	return err;
}

/* A command of device-mapper, with the target that follows its header. */
struct dm_command {
	struct dm_ioctl header;
	struct dm_target_spec target;
	char parameters[2048];
};

static int dm_command(unsigned long number, const char *name,
		      struct dm_command *command)
{
	int control, err;

	command->header.version[0] = DM_VERSION_MAJOR;
	command->header.data_size = sizeof(*command);
	command->header.data_start = offsetof(struct dm_command, target);
	snprintf(command->header.name, sizeof(command->header.name), "%s",
		 name);

	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	err = ioctl(control, number, command) ? -errno : 0;
	close(control);
	return err;
}

/* Puts the signature where dm-verity looks for it: in a key of this process. */
static int add_signature(const struct image *image, const char *description)
{
	struct blob signature;
	long key;
	int err;

	err = blob_read(image->signature, &signature);
	if (err)
		return err;
	key = syscall(SYS_add_key, "user", description, signature.data,
		      signature.len, KEY_SPEC_PROCESS_KEYRING);
	if (key < 0)
		err = -errno;
	blob_free(&signature);
	return err;
}

static int load_table(const struct volume *volume, const struct image *image,
		      bool with_signature)
{
	struct dm_command command = {
		.header = { .flags = DM_READONLY_FLAG, .target_count = 1 },
		.target = {
			.length = SECTORS(image->data_blocks),
			.target_type = "verity",
		},
	};
	char signature[128] = "";
	int err;

	if (with_signature) {
		err = add_signature(image, volume->dm_name);
		if (err)
			return err;
		snprintf(signature, sizeof(signature),
			 " root_hash_sig_key_desc %s", volume->dm_name);
	}
	snprintf(command.parameters, sizeof(command.parameters),
		 "1 %s %s %d %d %lu %lu %s %s %s %d %s%s", volume->loop,
		 volume->loop, BLOCK, BLOCK, image->data_blocks,
		 image->hash_block, image->algorithm, image->root,
		 image->salt[0] ? image->salt : "-",
		 (image->option[0] ? 1 : 0) + (with_signature ? 2 : 0),
		 image->option, signature);
	return dm_command(DM_TABLE_LOAD, volume->dm_name, &command);
}

static int resume(const struct volume *volume)
{
	struct dm_command command = {};

	return dm_command(DM_DEV_SUSPEND, volume->dm_name, &command);
}

static int suspend(const struct volume *volume)
{
	struct dm_command command = { .header.flags = DM_SUSPEND_FLAG };

	return dm_command(DM_DEV_SUSPEND, volume->dm_name, &command);
}

static int remove_device(const struct volume *volume)
{
	struct dm_command command = {};

	return dm_command(DM_DEV_REMOVE, volume->dm_name, &command);
}

/*
 * Creates a device whose table is loaded but not active: volume_resume() makes
 * dm-verity serve the image.
 */
int volume_prepare(struct volume *volume, const struct image *image,
		   bool with_signature)
{
	static unsigned int number;
	struct dm_command command = {};
	int err;

	memset(volume, 0, sizeof(*volume));
	snprintf(volume->dm_name, sizeof(volume->dm_name), "ipe-test-%d-%u",
		 getpid(), number++);
	err = loop_open(image->path, true, volume->loop);
	if (err)
		goto fail;
	err = dm_command(DM_DEV_CREATE, volume->dm_name, &command);
	if (err)
		goto fail_loop;
	snprintf(volume->device, sizeof(volume->device), "/dev/dm-%u",
		 minor(command.header.dev));
	err = load_table(volume, image, with_signature);
	if (!err)
		return 0;
	remove_device(volume);
fail_loop:
	loop_close(volume->loop);
fail:
	volume->dm_name[0] = '\0';
	return err;
}

/* Makes the loaded table active. */
int volume_resume(struct volume *volume)
{
	int err = resume(volume);

	if (err || !volume->old_loop[0])
		return err;
	err = loop_close(volume->old_loop);
	volume->old_loop[0] = '\0';
	return err;
}

int volume_mount(struct volume *volume, const char *at)
{
	if ((mkdir(at, 0755) && errno != EEXIST) ||
	    mount(volume->device, at, "squashfs", MS_RDONLY, NULL))
		return -errno;
	snprintf(volume->mount, sizeof(volume->mount), "%s", at);
	return 0;
}

/*
 * Opens the image as a dm-verity device and mounts the squashfs on it, unless
 * mount_at is NULL.
 */
int volume_open(struct volume *volume, const struct image *image,
		bool with_signature, const char *mount_at)
{
	int err = volume_prepare(volume, image, with_signature);

	if (err)
		return err;
	err = volume_resume(volume);
	if (!err && mount_at)
		err = volume_mount(volume, mount_at);
	if (err)
		volume_close(volume);
	return err;
}

/* Loads a table without verity for the device, but does not make it active. */
int volume_load_linear(const struct volume *volume, const struct image *image)
{
	struct dm_command command = {
		.header = { .flags = DM_READONLY_FLAG, .target_count = 1 },
		.target = {
			.length = SECTORS(image->data_blocks),
			.target_type = "linear",
		},
	};

	snprintf(command.parameters, sizeof(command.parameters), "%s 0",
		 volume->loop);
	return dm_command(DM_TABLE_LOAD, volume->dm_name, &command);
}

/* Opens the image without verity, as root can do. */
int volume_open_linear(struct volume *volume, const struct image *image)
{
	struct dm_command create = {};
	int err;

	memset(volume, 0, sizeof(*volume));
	snprintf(volume->dm_name, sizeof(volume->dm_name), "ipe-linear-%d",
		 getpid());
	err = loop_open(image->path, true, volume->loop);
	if (err)
		return err;
	err = dm_command(DM_DEV_CREATE, volume->dm_name, &create);
	if (err)
		goto fail_loop;
	snprintf(volume->device, sizeof(volume->device), "/dev/dm-%u",
		 minor(create.header.dev));
	err = volume_load_linear(volume, image);
	if (!err)
		err = resume(volume);
	if (!err)
		return 0;
	remove_device(volume);
fail_loop:
	loop_close(volume->loop);
	return err;
}

/*
 * Suspends the device, with a table for another image loaded: volume_resume()
 * makes it active.
 */
int volume_prepare_reload(struct volume *volume, const struct image *image,
			  bool with_signature)
{
	int err;

	memcpy(volume->old_loop, volume->loop, sizeof(volume->loop));
	err = loop_open(image->path, true, volume->loop);
	if (!err) {
		err = load_table(volume, image, with_signature) ?:
		      suspend(volume);
		if (!err)
			return 0;
		loop_close(volume->loop);
	}
	memcpy(volume->loop, volume->old_loop, sizeof(volume->loop));
	volume->old_loop[0] = '\0';
	return err;
}

/* Puts another image behind the same device. */
int volume_reload(struct volume *volume, const struct image *image,
		  bool with_signature)
{
	return volume_prepare_reload(volume, image, with_signature) ?:
	       volume_resume(volume);
}

/* Whether the device has a table for that image, also while it is suspended. */
bool volume_serves(const struct volume *volume, const struct image *image)
{
	struct dm_command command = { .header.flags = DM_STATUS_TABLE_FLAG };

	return !dm_command(DM_TABLE_STATUS, volume->dm_name, &command) &&
	       command.header.target_count == 1 &&
	       strstr(command.parameters, image->root);
}

int volume_close(struct volume *volume)
{
	int err;

	if (!volume->dm_name[0])
		return 0;
	/*
	 * A device whose table could not become active is still suspended, with
	 * its file system frozen, which keeps it busy even when unmounted.
	 */
	resume(volume);
	if (volume->mount[0] && umount2(volume->mount, 0))
		return -errno;
	volume->mount[0] = '\0';
	err = remove_device(volume);
	if (err)
		return err;
	volume->dm_name[0] = '\0';
	if (volume->old_loop[0])
		loop_close(volume->old_loop);
	return loop_close(volume->loop);
}

/* Finds the serial number of one of root's keyrings by its name. */
int find_keyring(const char *name)
{
	char line[512], description[64];
	unsigned int serial;
	int found = -ENOKEY;
	FILE *keys;

	keys = fopen("/proc/keys", "r");
	if (!keys)
		return -errno;
	while (fgets(line, sizeof(line), keys)) {
		if (sscanf(line, "%x %*s %*s %*s %*s %*s %*s keyring %63[^:]",
			   &serial, description) == 2 &&
		    !strcmp(description, name))
			found = serial;
	}
	fclose(keys);
	return found;
}

/* Makes fs-verity trust the certificate that signs policies as well. */
int fsverity_keyring_setup(void)
{
	struct blob certificate;
	int keyring, err;

	keyring = find_keyring(".fs-verity");
	if (keyring < 0)
		return keyring;
	err = sign_certificate(&certificate);
	if (err)
		return err;
	if (syscall(SYS_add_key, "asymmetric", "", certificate.data,
		    certificate.len, keyring) < 0)
		err = -errno;
	blob_free(&certificate);
	return err;
}

int fsverity_enable(const char *path, unsigned int algorithm,
		    const struct blob *signature)
{
	struct fsverity_enable_arg arg = {
		.version = 1,
		.hash_algorithm = algorithm,
		.block_size = BLOCK,
	};
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (signature) {
		arg.sig_ptr = (uintptr_t)signature->data;
		arg.sig_size = signature->len;
	}
	err = ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ? -errno : 0;
	close(fd);
	return err;
}

struct measured {
	struct fsverity_digest header;
	unsigned char bytes[64];
};

static int measure(const char *path, struct measured *measured)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	measured->header.digest_size = sizeof(measured->bytes);
	err = ioctl(fd, FS_IOC_MEASURE_VERITY, measured) ? -errno : 0;
	close(fd);
	return err;
}

int fsverity_measure(const char *path, char digest[DIGEST_TEXT])
{
	struct measured measured;
	int i, err;
	char *at;

	err = measure(path, &measured);
	if (err)
		return err;
	at = digest + sprintf(digest, "%s:",
			      measured.header.digest_algorithm ==
				      FS_VERITY_HASH_ALG_SHA256 ? "sha256" :
								  "sha512");
	for (i = 0; i < measured.header.digest_size; i++)
		at += sprintf(at, "%02x", measured.bytes[i]);
	return 0;
}

/*
 * Makes the signature for a file with the same contents as one that already has
 * fs-verity.
 */
int fsverity_sign(const char *path, struct blob *signature)
{
	struct {
		char magic[8];
		__le16 digest_algorithm;
		__le16 digest_size;
		unsigned char bytes[64];
	} __attribute__((packed)) formatted = { .magic = "FSVerity" };
	struct measured measured;
	int err;

	err = measure(path, &measured);
	if (err)
		return err;
	formatted.digest_algorithm = htole16(measured.header.digest_algorithm);
	formatted.digest_size = htole16(measured.header.digest_size);
	memcpy(formatted.bytes, measured.bytes, measured.header.digest_size);
	return sign_blob(&formatted,
			 offsetof(typeof(formatted), bytes) +
				 measured.header.digest_size,
			 SIGN_DETACHED, signature);
}
