// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - fs-verity verifies data that is read from the disk, not data that
 * was in the page cache before: only the hashed data may be used
 */
#include <linux/fsverity.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "access.h"
#include "harness.h"
#include "stage.h"
#include "target.h"

/* The kernel writes dirty pages only when told to. */
#define FLUSH_INTERVAL "/proc/sys/vm/dirty_writeback_centisecs"

/* File systems with fs-verity. */
enum disk { DISK_EXT4, DISK_JOURNAL, DISK_BTRFS, DISKS };

static struct {
	const char *image, *type, *options;
	char at[128], loop[32];
	const char *missing;
} disks[DISKS] = {
	[DISK_JOURNAL] = { "journal", "ext4", "data=journal" },
	[DISK_BTRFS] = { "btrfs", "btrfs", NULL },
};

static char flush_interval[32];

/* The page changes after fs-verity was enabled, see stale.c. */
FIXTURE(stale)
{
	struct target target;
};

FIXTURE_VARIANT(stale)
{
	enum disk disk;
	const struct use *use;
	bool is_signed, compat;
};

#define STALE(on, of)                                                       \
	FIXTURE_VARIANT_ADD(stale, on##_##of)                               \
	{                                                                   \
		.disk = DISK_##on, .use = &use_##of,                              \
	}

#define STALE_USES(on)                                                      \
	STALE(on, text);                                                    \
	STALE(on, headers);                                                 \
	STALE(on, script);                                                  \
	STALE(on, interpreter_text);                                        \
	STALE(on, interpreter_headers);                                     \
	STALE(on, map);                                             \
	STALE(on, map_shared);                                              \
	STALE(on, protect);                                                 \
	STALE(on, protect_shared);                                          \
	STALE(on, module);                                                  \
	STALE(on, firmware)

STALE_USES(EXT4);
STALE_USES(BTRFS);
STALE(JOURNAL, text);
STALE(JOURNAL, map);
FIXTURE_VARIANT_ADD(stale, EXT4_signed)
{
	.disk = DISK_EXT4, .use = &use_text, .is_signed = true,
};
FIXTURE_VARIANT_ADD(stale, EXT4_compat)
{
	.disk = DISK_EXT4, .use = &use_text, .compat = true,
};

FIXTURE_SETUP(stale)
{
	struct target *const target = &self->target;
	char digest[DIGEST_TEXT], at[PATH_MAX];

	if (disks[variant->disk].missing)
		SKIP(return, "%s", disks[variant->disk].missing);
	if (variant->compat && !stale_compat_possible())
		SKIP(return, "the kernel has no 32-bit system calls");
	if (variant->use == &use_firmware && access(TEST_FIRMWARE, F_OK))
		SKIP(return, "the kernel has no " TEST_FIRMWARE);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, target_make(target, disks[variant->disk].at,
				 variant->use->part));
	if (variant->is_signed) {
		ASSERT_EQ(0, fsverity_sign(target->twin, &target->signature));
		target->stale.signature = &target->signature;
	}
	target->stale.compat = variant->compat;
	snprintf(at, sizeof(at), "%s/slow-%d", stage_dir(), getpid());
	ASSERT_EQ(0, stale_begin(&target->stale, at));
	ASSERT_EQ(0, fsverity_measure(target->stale.path, digest));
	ASSERT_STREQ(target->digest, digest);
	ASSERT_EQ(0, target_read(target));
	if (variant->is_signed) {
		ASSERT_EQ(0, target_enforce(target, "fsverity_signature=TRUE"));
	} else {
		ASSERT_EQ(0, target_enforce_digest(target));
	}
}

FIXTURE_TEARDOWN(stale)
{
	EXPECT_EQ(0, stale_end(&self->target.stale));
	EXPECT_EQ(0, ipe_reset());
	target_remove(&self->target);
}

#define USE(self, variant)                                                  \
	((variant)->use->try(&(self)->target, (variant)->use->flags))

/* A pinned page that is journalled stays dirty, so it cannot be dropped. */
static int if_not_dirty(enum disk disk)
{
	return disk == DISK_JOURNAL ? -EACCES : 0;
}

/* The kernel does not know that the page changed. */
TEST_F(stale, unknown)
{
	const int expected = if_not_dirty(variant->disk);

	ASSERT_EQ(0, stale_change(&self->target.stale, false));
	ASSERT_EQ(CHANGED, target_read(&self->target));
	EXPECT_EQ(expected, USE(self, variant));
	/* Now everyone reads the hashed data. */
	EXPECT_EQ(expected ? CHANGED : 0, target_read(&self->target));
	EXPECT_EQ(expected, USE(self, variant));
}

/* It is dirty, so it cannot be dropped. */
TEST_F(stale, dirty)
{
	ASSERT_EQ(0, stale_change(&self->target.stale, true));
	ASSERT_EQ(CHANGED, target_read(&self->target));
	EXPECT_EQ(-EACCES, USE(self, variant));
	EXPECT_EQ(-EACCES, USE(self, variant));
	/* Then it is written and found to be wrong, or discarded. */
	sync();
	EXPECT_NE(CHANGED, USE(self, variant));
	EXPECT_NE(CHANGED, USE(self, variant));
}

/* It is on the disk before the first use. */
TEST_F(stale, written)
{
	ASSERT_EQ(0, stale_change(&self->target.stale, true));
	sync();
	EXPECT_NE(CHANGED, USE(self, variant));
	EXPECT_NE(CHANGED, USE(self, variant));
}

/* It changes only after the first use. */
TEST_F(stale, used)
{
	const int expected = if_not_dirty(variant->disk);

	EXPECT_EQ(expected, USE(self, variant));
	ASSERT_EQ(0, stale_change(&self->target.stale, true));
	EXPECT_EQ(expected, USE(self, variant));
	EXPECT_EQ(expected ? CHANGED : 0, target_read(&self->target));
}

/* Nothing changes: a verified file works at once, whichever use comes first. */
FIXTURE(genuine)
{
	struct target target;
};

FIXTURE_VARIANT(genuine)
{
	enum disk disk;
	const struct use *use;
};

#define GENUINE(on, of)                                                     \
	FIXTURE_VARIANT_ADD(genuine, on##_##of)                             \
	{                                                                   \
		.disk = DISK_##on, .use = &use_##of,                        \
	}

#define GENUINE_USES(on)                                                    \
	GENUINE(on, text);                                                  \
	GENUINE(on, script);                                                \
	GENUINE(on, interpreter_text);                                      \
	GENUINE(on, map);                                                   \
	GENUINE(on, map_shared);                                            \
	GENUINE(on, protect);                                               \
	GENUINE(on, module);                                                \
	GENUINE(on, firmware)

GENUINE_USES(EXT4);
GENUINE_USES(JOURNAL);
GENUINE_USES(BTRFS);

/* In a child. Returns the errno of enabling, not negated. */
static int enable_as(uid_t user, const char *path)
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (setresgid(user, user, user) || setresuid(user, user, user))
			_exit(ECHILD);
		_exit(-fsverity_enable(path, FS_VERITY_HASH_ALG_SHA256, NULL));
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ?
		       WEXITSTATUS(status) :
		       ECHILD;
}

FIXTURE_SETUP(genuine)
{
	if (disks[variant->disk].missing)
		SKIP(return, "%s", disks[variant->disk].missing);
	if (variant->use == &use_firmware && access(TEST_FIRMWARE, F_OK))
		SKIP(return, "the kernel has no " TEST_FIRMWARE);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, target_make(&self->target, disks[variant->disk].at,
				 variant->use->part));
}

FIXTURE_TEARDOWN(genuine)
{
	EXPECT_EQ(0, ipe_reset());
	target_remove(&self->target);
}

TEST_F(genuine, just_enabled)
{
	ASSERT_EQ(0, target_enforce_digest(&self->target));
	EXPECT_EQ(-EACCES, USE(self, variant));
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	EXPECT_EQ(0, USE(self, variant));
	EXPECT_EQ(0, USE(self, variant));
}

/*
 * The first reader has the hash tree checked, whose pages stay cached as they
 * were written: that is no reason to deny the file.
 */
TEST_F(genuine, read_before)
{
	char byte;
	int fd;

	ASSERT_EQ(0, target_enforce_digest(&self->target));
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	fd = open(self->target.stale.path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, posix_fadvise(fd, 0, self->target.contents.len,
				   POSIX_FADV_DONTNEED));
	ASSERT_EQ(1, read(fd, &byte, 1));
	EXPECT_EQ(0, USE(self, variant));
	EXPECT_EQ(0, close(fd));
}

/* Existing mappings keep their pages. */
TEST_F(genuine, mapped_before)
{
	void *read_only, *executable;

	read_only = target_map(&self->target, PROT_READ, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, read_only);
	executable = target_map(&self->target, PROT_READ | PROT_EXEC,
				MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, executable);
	EXPECT_EQ(0, USE(self, variant));
	EXPECT_EQ(0, target_judge(&self->target, executable));
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	ASSERT_EQ(0, target_enforce_digest(&self->target));
	EXPECT_EQ(0, USE(self, variant));
	EXPECT_EQ(0, target_judge(&self->target, executable));
	EXPECT_EQ(0, target_judge(&self->target, read_only));
	EXPECT_EQ(0, mprotect(read_only, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, target_judge(&self->target, read_only));
	munmap(read_only, PAGE);
	munmap(executable, PAGE);
}

/* The cache is dropped once, or never. */
FIXTURE(dropped)
{
	struct target target;
	int fd;
	unsigned char *all;
	size_t pages;
};

FIXTURE_VARIANT(dropped)
{
	enum disk disk;
};

FIXTURE_VARIANT_ADD(dropped, EXT4) { DISK_EXT4 };
FIXTURE_VARIANT_ADD(dropped, JOURNAL) { DISK_JOURNAL };
FIXTURE_VARIANT_ADD(dropped, BTRFS) { DISK_BTRFS };

FIXTURE_SETUP(dropped)
{
	if (disks[variant->disk].missing)
		SKIP(return, "%s", disks[variant->disk].missing);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, target_make(&self->target, disks[variant->disk].at,
				 PART_TEXT));
	self->fd = open(self->target.stale.path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->pages = self->target.contents.len / PAGE;
	self->all = mmap(NULL, self->target.contents.len, PROT_READ, MAP_SHARED,
			 self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->all);
}

FIXTURE_TEARDOWN(dropped)
{
	munmap(self->all, self->target.contents.len);
	close(self->fd);
	EXPECT_EQ(0, ipe_reset());
	target_remove(&self->target);
}

/* The number of its pages in the cache. */
static size_t cached(const FIXTURE_DATA(dropped) *self)
{
	unsigned char is[64] = {};
	size_t i, count = 0;

	if (self->pages > sizeof(is) ||
	    mincore(self->all, self->target.contents.len, is))
		return ~0UL;
	for (i = 0; i < self->pages; i++)
		count += is[i] & 1;
	return count;
}

static size_t fill_cache(const FIXTURE_DATA(dropped) *self)
{
	volatile unsigned char *const at = self->all;
	size_t i;

	for (i = 0; i < self->pages; i++)
		(void)at[i * PAGE];
	return cached(self);
}

TEST_F(dropped, once)
{
	ASSERT_EQ(self->pages, fill_cache(self));
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	ASSERT_EQ(0, target_enforce_digest(&self->target));
	ASSERT_EQ(self->pages, fill_cache(self));
	/* Maps the file without reading it. */
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, cached(self));
	ASSERT_EQ(self->pages, fill_cache(self));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_mprotect(self->fd));
	EXPECT_EQ(0, try_execveat(self->fd));
	EXPECT_EQ(self->pages, cached(self));
}

/* Asking again changes nothing, whoever asks. */
TEST_F(dropped, not_when_enabled)
{
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	ASSERT_EQ(0, target_enforce_digest(&self->target));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(self->pages, fill_cache(self));
	EXPECT_EQ(EEXIST, enable_as(STALE_USER, self->target.stale.path));
	EXPECT_EQ(EACCES, enable_as(STALE_USER + 1, self->target.stale.path));
	ASSERT_EQ(0, chmod(self->target.stale.path, 0777));
	EXPECT_EQ(EEXIST, enable_as(STALE_USER + 1, self->target.stale.path));
	EXPECT_EQ(self->pages, cached(self));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_mprotect(self->fd));
	EXPECT_EQ(0, try_execveat(self->fd));
	EXPECT_EQ(self->pages, cached(self));
}

/* A user who may not enable it cannot have it dropped, either. */
TEST_F(dropped, not_when_refused)
{
	ASSERT_EQ(self->pages, fill_cache(self));
	EXPECT_EQ(EACCES, enable_as(STALE_USER + 1, self->target.stale.path));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_mprotect(self->fd));
	EXPECT_EQ(0, try_execveat(self->fd));
	EXPECT_EQ(self->pages, cached(self));
	ASSERT_EQ(0, enable_as(STALE_USER, self->target.stale.path));
	ASSERT_EQ(0, target_enforce_digest(&self->target));
	EXPECT_EQ(0, try_execveat(self->fd));
}

static void setup_disk(enum disk disk)
{
	char image[PATH_MAX], name[64], copy[PATH_MAX];

	snprintf(name, sizeof(name), "images/%s.img", disks[disk].image);
	snprintf(copy, sizeof(copy), "%s/%s.img", stage_dir(),
		 disks[disk].image);
	snprintf(disks[disk].at, sizeof(disks[disk].at), "%s/%s",
		 stage_dir(), disks[disk].image);
	disks[disk].missing = "no such file system";
	if (copy_file(test_path(image, sizeof(image), name), copy, 0600) ||
	    mkdir(disks[disk].at, 0755) ||
	    loop_open(copy, false, disks[disk].loop))
		return;
	if (mount(disks[disk].loop, disks[disk].at, disks[disk].type, 0,
		  disks[disk].options))
		loop_close(disks[disk].loop);
	else
		disks[disk].missing = NULL;
}

static void teardown(void)
{
	enum disk disk;

	write_string(FLUSH_INTERVAL, flush_interval);
	for (disk = DISK_JOURNAL; disk < DISKS; disk++) {
		if (disks[disk].missing)
			continue;
		umount2(disks[disk].at, 0);
		loop_close(disks[disk].loop);
	}
	stage_teardown();
}

static const char *setup(void)
{
	const char *const failed = stage_setup();
	char *const ext4 = disks[DISK_EXT4].at;

	if (failed)
		return failed;
	snprintf(ext4, sizeof(disks[DISK_EXT4].at), "%s",
		 stage_path(PLACE_EXT4, ""));
	ext4[strlen(ext4) - 1] = '\0';
	disks[DISK_EXT4].missing = stage_missing(PLACE_FSV);
	setup_disk(DISK_JOURNAL);
	setup_disk(DISK_BTRFS);
	if (!disks[DISK_EXT4].missing && target_setup(ext4))
		return "no programs for scripts";
	if (read_file(FLUSH_INTERVAL, flush_interval,
		      sizeof(flush_interval)) < 0 ||
	    write_string(FLUSH_INTERVAL, "0"))
		return "writing in the background cannot be switched off";
	return NULL;
}

IPE_TEST_MAIN(setup, teardown)
