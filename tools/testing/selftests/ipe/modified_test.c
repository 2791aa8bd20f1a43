// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - mappings of files that need not have the code of the file: which they
 * are
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "modified.h"

/* A way to an executable mapping of a file, and whether it is a modified one. */
struct way {
	const char *name;
	int (*try)(int fd);
	bool modified;
};

static void do_write_next(char *at)
{
	do_write(at + PAGE);
}

static void do_write_and_discard(char *at)
{
	do_write(at);
	madvise(at, PAGE, MADV_DONTNEED);
}

static void do_write_and_protect(char *at)
{
	do_write(at);
	mprotect(at, PAGES, PROT_NONE);
}

static int mapped_none(int fd)
{
	return change(fd, PROT_NONE, MAP_PRIVATE, NULL, RX);
}

/* A library's code after its writable data, if nobody has written that. */
static int writable_once(int fd)
{
	return change(fd, RW, MAP_PRIVATE, do_read, RX);
}

/* Twice executable: nothing is asked the second time. */
static int executable_again(int fd)
{
	return change(fd, RX, MAP_PRIVATE, NULL, RX);
}

static int written_to_next_page(int fd)
{
	return change(fd, RW, MAP_PRIVATE, do_write_next, RX);
}

static int written_and_discarded(int fd)
{
	return change(fd, RW, MAP_PRIVATE, do_write_and_discard, RX);
}

static int written_and_protected(int fd)
{
	return change(fd, RW, MAP_PRIVATE, do_write_and_protect, RX);
}

static int written_and_moved(int fd)
{
	char *at = mmap(NULL, PAGES, RW, MAP_PRIVATE, fd, 0), *to;
	int err = 0;

	if (at == MAP_FAILED)
		return -errno;
	do_write(at);
	to = mremap(at, PAGES, PAGES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (to == MAP_FAILED) {
		munmap(at, PAGES);
		return -errno;
	}
	if (mprotect(to, PAGES, RX))
		err = -errno;
	munmap(to, PAGES);
	munmap(at, PAGES);
	return err;
}

static int with_key(int fd)
{
	char *at = mmap(NULL, PAGES, RW, MAP_PRIVATE, fd, 0);
	int err = 0;

	if (at == MAP_FAILED)
		return -errno;
	do_write(at);
	if (syscall(SYS_pkey_mprotect, at, PAGES, RX, -1))
		err = -errno;
	munmap(at, PAGES);
	return err;
}

static int at_once_later(int fd)
{
	return change(fd, PROT_READ, MAP_PRIVATE, NULL, RWX);
}

/* In a child, whose exit code is an errno. */
static int in_child(int fd, int (*try)(int fd))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(-try(fd));
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int implied(int fd)
{
	int err = read_implies_exec(true);

	return err ?: map(fd, RW, MAP_PRIVATE);
}

static int read_implies(int fd)
{
	return in_child(fd, implied);
}

static char *shared_with_child;

static int protect_inherited(int unused)
{
	(void)unused;
	return mprotect(shared_with_child, PAGES, RX) ? -errno : 0;
}

static int written_before_fork(int fd)
{
	int err;

	shared_with_child = mmap(NULL, PAGES, RW, MAP_PRIVATE, fd, 0);
	if (shared_with_child == MAP_FAILED)
		return -errno;
	do_write(shared_with_child);
	err = in_child(fd, protect_inherited);
	munmap(shared_with_child, PAGES);
	return err;
}

/* Other uses of a file have no mapping that could be modified. */
static int executed(int fd)
{
	return try_execveat(fd);
}

static const struct way ways[] = {
	{ "mapped", mapped, false },
	{ "mapped_none", mapped_none, false },
	{ "read_only", read_only, false },
	{ "writable_once", writable_once, false },
	{ "executable_again", executable_again, false },
	{ "checked", checked, false },
	{ "executed", executed, false },
	{ "written", written, true },
	{ "written_to_next_page", written_to_next_page, true },
	{ "written_and_discarded", written_and_discarded, true },
	{ "written_and_protected", written_and_protected, true },
	{ "written_before_fork", written_before_fork, true },
	{ "with_key", with_key, true },
	{ "at_once", at_once, true },
	{ "at_once_later", at_once_later, true },
	{ "read_implies", read_implies, true },
};

FIXTURE(mapping)
{
	int fd;
};

FIXTURE_VARIANT(mapping)
{
	enum place place;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(mapping, initramfs) { PLACE_INITRAMFS };
FIXTURE_VARIANT_ADD(mapping, tmpfs) { PLACE_TMPFS };
FIXTURE_VARIANT_ADD(mapping, ext4) { PLACE_EXT4 };
FIXTURE_VARIANT_ADD(mapping, fsv) { PLACE_FSV };
FIXTURE_VARIANT_ADD(mapping, dmv) { PLACE_DMV };
FIXTURE_VARIANT_ADD(mapping, overlay_dmv) { PLACE_OVERLAY_DMV };
FIXTURE_VARIANT_ADD(mapping, overlay_upper) { PLACE_OVERLAY_UPPER };
/* clang-format on */

FIXTURE_SETUP(mapping)
{
	struct stat st;

	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(stage_path(variant->place, "probe"),
			O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fstat(self->fd, &st));
	ASSERT_LT(PAGE, st.st_size);
}

FIXTURE_TEARDOWN(mapping)
{
	close(self->fd);
	EXPECT_EQ(0, ipe_reset());
}

/* Another policy in the place of the one that is active. */
static int enforce_instead(const char *rules)
{
	return ipe_reset() ?: policy_enforce_rules(rules);
}

/* All ways, where a policy denies those that are modified, or are not. */
static void expect_ways(struct __test_metadata *_metadata, int fd,
			bool plain, bool modified)
{
	const struct way *way;
	bool allowed;
	int err;

	for (way = ways; way < ways + ARRAY_SIZE(ways); way++) {
		allowed = way->modified ? modified : plain;
		err = way->try(fd);
		/* A kernel without protection keys. */
		if (way->try == with_key && err == -ENOSYS)
			continue;
		EXPECT_EQ(allowed ? 0 : -EACCES, err)
			TH_LOG("%s", way->name);
	}
}

TEST_F(mapping, modified_is_denied)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=TRUE")));
	expect_ways(_metadata, self->fd, true, false);
	EXPECT_EQ(-EACCES, writable_later(self->fd));
	EXPECT_EQ(-EACCES, written_and_moved(self->fd));
}

TEST_F(mapping, unmodified_is_denied)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=FALSE")));
	expect_ways(_metadata, self->fd, false, true);
}

TEST_F(mapping, unmodified_is_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("modified=FALSE")));
	expect_ways(_metadata, self->fd, true, false);
	EXPECT_EQ(-EACCES, writable_later(self->fd));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
}

TEST_F(mapping, modified_is_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("modified=TRUE")));
	expect_ways(_metadata, self->fd, false, true);
}

/* Without the word, a mapping is what its file is. */
TEST_F(mapping, is_not_told)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("fsverity_digest=sha256:"
		"0000000000000000000000000000000000000000000000000000000000000000")));
	expect_ways(_metadata, self->fd, true, true);
	EXPECT_EQ(0, writable_later(self->fd));
	ASSERT_EQ(0, enforce_instead(DENY_JUST("anonymous_memory=FALSE")));
	expect_ways(_metadata, self->fd, false, false);
}

TEST_F(mapping, permissive)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=TRUE")));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	expect_ways(_metadata, self->fd, true, true);
	EXPECT_EQ(0, writable_later(self->fd));
}

/* The properties are those of the file. */
FIXTURE(property)
{
	int fd;
};

FIXTURE_VARIANT(property)
{
	enum place place;
	const char *property;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(property, initramfs) { PLACE_INITRAMFS, "boot_verified=TRUE" };
FIXTURE_VARIANT_ADD(property, fsv) { PLACE_FSV, "fsverity_digest=$fsv" };
FIXTURE_VARIANT_ADD(property, fsv_signed) { PLACE_FSV_SIGNED, "fsverity_signature=TRUE" };
FIXTURE_VARIANT_ADD(property, dmv) { PLACE_DMV, "dmverity_roothash=$dmv" };
FIXTURE_VARIANT_ADD(property, dmv_signed) { PLACE_DMV_SIGNED, "dmverity_signature=TRUE" };
FIXTURE_VARIANT_ADD(property, overlay_dmv) { PLACE_OVERLAY_DMV, "dmverity_signature=TRUE" };
FIXTURE_VARIANT_ADD(property, overlay_fsv) { PLACE_OVERLAY_FSV, "fsverity_digest=$fsv" };
/* clang-format on */

FIXTURE_SETUP(property)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(stage_path(variant->place, "probe"),
			O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(property)
{
	close(self->fd);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(property, allows_all)
{
	char rules[512];

	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n"
		 "op=EXECUTE %s action=ALLOW\n"
		 "op=EXECUTE modified=TRUE action=DENY\n", variant->property);
	ASSERT_EQ(0, stage_enforce(rules));
	expect_ways(_metadata, self->fd, true, true);
}

TEST_F(property, allows_unmodified)
{
	char rules[512];

	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n"
		 "op=EXECUTE modified=TRUE action=DENY\n"
		 "op=EXECUTE %s action=ALLOW\n", variant->property);
	ASSERT_EQ(0, stage_enforce(rules));
	expect_ways(_metadata, self->fd, true, false);
}

TEST_F(property, allows_modified)
{
	char rules[512];

	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\n"
		 "op=EXECUTE modified=TRUE %s action=ALLOW\n"
		 "op=EXECUTE modified=TRUE action=DENY\n", variant->property);
	ASSERT_EQ(0, stage_enforce(rules));
	expect_ways(_metadata, self->fd, true, true);
}

TEST_F(property, must_hold)
{
	ASSERT_EQ(0, stage_enforce("DEFAULT action=ALLOW\n"
		"op=EXECUTE modified=TRUE fsverity_digest=$wrong action=ALLOW\n"
		"op=EXECUTE modified=TRUE dmverity_roothash=$wrong action=ALLOW\n"
		"op=EXECUTE modified=TRUE action=DENY\n"));
	expect_ways(_metadata, self->fd, true, false);
}

/* What is written to a shared mapping is written to the file. */
FIXTURE(shared)
{
	char path[PATH_MAX];
	int fd;
};

RESET_AFTER(shared)

FIXTURE_SETUP(shared)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, subject_copy_probe(stage_dir(), self->path,
					sizeof(self->path)));
	self->fd = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	unlink(self->path);
}

TEST_F(shared, is_the_file)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=TRUE")));
	EXPECT_EQ(0, map(self->fd, RWX, MAP_SHARED));
	EXPECT_EQ(0, map(self->fd, RWX, MAP_SHARED_VALIDATE));
	EXPECT_EQ(0, change(self->fd, RW, MAP_SHARED, do_write, RX));
	EXPECT_EQ(0, change(self->fd, PROT_READ, MAP_SHARED, NULL, RWX));
	EXPECT_EQ(0, change(self->fd, RX, MAP_SHARED, NULL, RWX));
	ASSERT_EQ(0, enforce_instead(DENY_JUST("modified=FALSE")));
	EXPECT_EQ(-EACCES, map(self->fd, RWX, MAP_SHARED));
	EXPECT_EQ(-EACCES, change(self->fd, RW, MAP_SHARED, do_write, RX));
	EXPECT_EQ(-EACCES, change(self->fd, PROT_READ, MAP_SHARED, NULL, RWX));
}

/* A page that a program puts into a private mapping, without writing to it. */
TEST_F(shared, filled_page_is_not)
{
	int fault = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_copy copy = {};
	char *source, *at;

	if (fault < 0)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	source = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = mmap(NULL, PAGES, PROT_READ, MAP_PRIVATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, source);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, ioctl(fault, UFFDIO_API, &api));
	range.range.start = (uintptr_t)at;
	range.range.len = PAGES;
	ASSERT_EQ(0, ioctl(fault, UFFDIO_REGISTER, &range));
	copy.dst = (uintptr_t)at;
	copy.src = (uintptr_t)source;
	copy.len = PAGE;
	ASSERT_EQ(0, ioctl(fault, UFFDIO_COPY, &copy));

	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=TRUE")));
	EXPECT_EQ(-1, mprotect(at, PAGES, RX));
	EXPECT_EQ(EACCES, errno);
	close(fault);
	munmap(at, PAGES);
	munmap(source, PAGE);
}

/* Memory has no file that it could differ from: it matches neither value. */
FIXTURE(memory)
{
};

RESET_AROUND(memory)

TEST_F(memory, matches_neither_value)
{
	int fd = subject_memfd();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, policy_enforce_rules("DEFAULT action=ALLOW\n"
					  "op=EXECUTE modified=TRUE action=DENY\n"
					  "op=EXECUTE modified=FALSE action=DENY\n"));
	EXPECT_EQ(0, map(fd, RWX, MAP_PRIVATE));
	EXPECT_EQ(0, map(fd, RX, MAP_PRIVATE));
	EXPECT_EQ(0, written(fd));
	EXPECT_EQ(0, map(-1, RWX, MAP_PRIVATE | MAP_ANONYMOUS));
	EXPECT_EQ(0, change(-1, RW, MAP_PRIVATE | MAP_ANONYMOUS, do_write, RX));
	EXPECT_EQ(0, change(-1, RX, MAP_PRIVATE | MAP_ANONYMOUS, NULL, RWX));
	ASSERT_EQ(0, enforce_instead(
			     "DEFAULT action=ALLOW\n"
			     "DEFAULT op=EXECUTE action=DENY\n"
			     "op=EXECUTE modified=TRUE action=ALLOW\n"
			     "op=EXECUTE modified=FALSE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, map(fd, RWX, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, written(fd));
	EXPECT_EQ(-EACCES, map(-1, RWX, MAP_PRIVATE | MAP_ANONYMOUS));
	close(fd);
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
