// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - securityfs files that are open, or listed, while policies come
 * and go
 */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"

#define NAME IPE_PREFIX "_open"
#define RULES "DEFAULT action=ALLOW\n"

static const struct ipe_version version = { 1, 2, 3 };

/* Open files of a deleted policy return ENOENT from then on. */
FIXTURE(open_file)
{
	int fd;
};

FIXTURE_VARIANT(open_file)
{
	const char *file;
	bool read;
	bool write;
};

FIXTURE_VARIANT_ADD(open_file, pkcs7) { .file = "pkcs7", .read = true };
FIXTURE_VARIANT_ADD(open_file, policy) { .file = "policy", .read = true };
FIXTURE_VARIANT_ADD(open_file, name) { .file = "name", .read = true };
FIXTURE_VARIANT_ADD(open_file, version) { .file = "version", .read = true };
FIXTURE_VARIANT_ADD(open_file, active)
{
	.file = "active", .read = true, .write = true
};
FIXTURE_VARIANT_ADD(open_file, update) { .file = "update", .write = true };
FIXTURE_VARIANT_ADD(open_file, delete) { .file = "delete", .write = true };

FIXTURE_SETUP(open_file)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_load(NAME, &version, RULES));
	self->fd = open(policy_file(NAME, variant->file),
			!variant->write ? O_RDONLY :
			variant->read	? O_RDWR :
					  O_WRONLY);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(open_file)

static void expect_gone(struct __test_metadata *_metadata, int fd,
			const FIXTURE_VARIANT(open_file) *variant)
{
	const struct ipe_version higher = { 1, 2, 4 };
	struct blob policy;
	char byte;

	if (variant->read) {
		EXPECT_EQ(-1, pread(fd, &byte, 1, 0));
		EXPECT_EQ(ENOENT, errno);
	}
	if (!variant->write)
		return;
	if (!strcmp(variant->file, "update")) {
		ASSERT_EQ(0, policy_sign(&policy, NAME, &higher, RULES,
					 SIGN_DER));
		EXPECT_EQ(-ENOENT, write_fd(fd, policy.data, policy.len));
		blob_free(&policy);
	} else {
		EXPECT_EQ(-ENOENT, write_fd(fd, "1", 1));
	}
}

TEST_F(open_file, deleted)
{
	char before[65];

	ASSERT_EQ(0, policy_delete(NAME));
	ASSERT_EQ(0, ipe_snapshot(before));
	expect_gone(_metadata, self->fd, variant);
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, close(self->fd));
}

/* Another policy of that name does not belong to them. */
TEST_F(open_file, deleted_and_loaded)
{
	char before[65];

	ASSERT_EQ(0, policy_delete(NAME));
	ASSERT_EQ(0, policy_load(NAME, &version, RULES));
	ASSERT_EQ(0, ipe_snapshot(before));
	expect_gone(_metadata, self->fd, variant);
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, close(self->fd));
}

/* After an update they show the new policy. */
TEST_F(open_file, updated)
{
	const struct ipe_version higher = { 1, 2, 4 };
	char got[8192], now[8192];
	ssize_t len;

	ASSERT_EQ(0, policy_update(NAME, &higher, "DEFAULT action=DENY\n"));
	if (!variant->read) {
		/* Writable files refer to the new policy, too. */
		if (!strcmp(variant->file, "update")) {
			EXPECT_EQ(-EBADMSG, write_fd(self->fd, "x", 1));
		} else {
			EXPECT_EQ(0, write_fd(self->fd, "1", 1));
			EXPECT_FALSE(policy_exists(NAME));
		}
		return;
	}
	len = pread(self->fd, got, sizeof(got), 0);
	ASSERT_LT(0, len);
	ASSERT_EQ(len, read_file(policy_file(NAME, variant->file), now,
				 sizeof(now)));
	EXPECT_EQ(0, memcmp(got, now, len));
	EXPECT_EQ(0, close(self->fd));
}

/* Reading in pieces returns one policy, even if it is updated in between. */
TEST_F(open_file, updated_between)
{
	const struct ipe_version higher = { 4, 5, 678 };
	char before[8192], now[8192], got[8192];
	ssize_t len;

	if (!variant->read)
		return;
	len = read_file(policy_file(NAME, variant->file), before,
			sizeof(before));
	ASSERT_LT(0, len);
	ASSERT_EQ(1, read(self->fd, got, 1));
	ASSERT_EQ(0, policy_update(NAME, &higher,
				   RULES "# This text is a longer one.\n"));
	EXPECT_EQ(len - 1, read(self->fd, got + 1, sizeof(got) - 1));
	EXPECT_EQ(0, memcmp(before, got, len));
	EXPECT_EQ(0, read(self->fd, got, sizeof(got)));
	/* Reading from the beginning returns the new policy. */
	len = read_file(policy_file(NAME, variant->file), now, sizeof(now));
	ASSERT_LT(0, len);
	EXPECT_EQ(len, pread(self->fd, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(now, got, len));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * Anyone may list the policies into memory that they provide when they please,
 * which holds the lock of the directory meanwhile. Loading and deleting a
 * policy waits for that; other operations must not wait.
 */
#define LISTED_LIMIT 180

/* The number of polls before the test decides that an event does not come. */
#define LOOKS 2000

static struct blob listed_coming, listed_newer;

static int load_coming(void)
{
	return policy_submit(IPE_NEW_POLICY, listed_coming.data,
			     listed_coming.len);
}

static bool coming_is_there(void)
{
	return policy_state(NAME "3") == '0' && !policy_activate(NAME "3");
}

static int delete_other(void)
{
	return policy_delete(NAME "2");
}

static bool other_is_gone(void)
{
	return !policy_exists(NAME "2");
}

FIXTURE(listed)
{
	/* Its first page exists once the test provides it. */
	char *memory;
	size_t size;
	int fault;
};

FIXTURE_VARIANT(listed)
{
	/* The operation that waits, and whether it succeeded in the end. */
	int (*wait)(void);
	bool (*done)(void);
};

FIXTURE_VARIANT_ADD(listed, load)
{
	.wait = load_coming, .done = coming_is_there
};

FIXTURE_VARIANT_ADD(listed, delete)
{
	.wait = delete_other, .done = other_is_gone
};

FIXTURE_SETUP(listed)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct ipe_version newer;

	ASSERT_EQ(0, ipe_reset());
	newer = ipe_version();
	newer.rev++;
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	ASSERT_EQ(0, policy_load(NAME "2", NULL, RULES));
	ASSERT_EQ(0, policy_sign(&listed_newer, NAME, &newer, RULES, SIGN_DER));
	ASSERT_EQ(0, policy_sign(&listed_coming, NAME "3", &newer, RULES,
				 SIGN_DER));

	self->size = sysconf(_SC_PAGESIZE);
	self->memory = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->fault = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->fault < 0)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_API, &api));
	area.range.start = (uintptr_t)self->memory;
	area.range.len = self->size;
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_REGISTER, &area));
}

RESET_AFTER(listed)

/* Returns the number of bytes of the names, or a negative errno. */
static void *list(void *arg)
{
	const FIXTURE_DATA(listed) *self = arg;
	long len;
	int fd;

	fd = open(IPE_POLICIES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return (void *)(long)-errno;
	len = syscall(SYS_getdents64, fd, self->memory, self->size);
	if (len < 0)
		len = -errno;
	close(fd);
	return (void *)len;
}

static pid_t start(int (*job)(void))
{
	const pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-job());
	}
	return child;
}

/* The job's result; -EINPROGRESS if it still runs after a long time. */
static int outcome(pid_t child)
{
	unsigned int looks;
	int status;
	pid_t ended;

	for (looks = 0; looks < LOOKS; looks++) {
		ended = waitpid(child, &status, WNOHANG);
		if (ended < 0)
			return -errno;
		if (ended)
			return WIFEXITED(status) ? -WEXITSTATUS(status) :
						   -EINTR;
		usleep(10000);
	}
	return -EINPROGRESS;
}

/* Whether it begins to wait in the kernel, and keeps waiting. */
static bool comes_to_wait(pid_t child)
{
	unsigned int looks, waiting = 0;
	char path[64], text[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (looks = 0; waiting < 20 && looks < LOOKS; looks++) {
		if (read_file(path, text, sizeof(text)) < 0)
			return false;
		state = strrchr(text, ')');
		waiting = state && !strncmp(state, ") D ", 4) ? waiting + 1 : 0;
		usleep(10000);
	}
	return waiting == 20;
}

/* Every operation that neither creates nor removes a directory. */
static int administer(void)
{
	int err;

	err = write_string(IPE_ENFORCE, "0") ?:
	      write_string(IPE_ENFORCE, "1") ?:
	      write_string(IPE_SUCCESS_AUDIT, "1") ?:
	      write_string(IPE_SUCCESS_AUDIT, "0") ?:
	      policy_submit(policy_file(NAME, "update"), listed_newer.data,
			    listed_newer.len) ?:
	      policy_activate(NAME);
	if (err)
		return err;
	/* Refused, because the policy is active. */
	err = policy_delete(NAME);
	return err == -EPERM ? 0 : err ?: -ENOTRECOVERABLE;
}

TEST_F_TIMEOUT(listed, others_do_not_wait, LISTED_LIMIT)
{
	struct uffdio_zeropage page = {};
	struct pollfd event = { .fd = self->fault, .events = POLLIN };
	pid_t waiter, administrator;
	pthread_t lister;
	void *len;
	int err;

	ASSERT_EQ(0, pthread_create(&lister, NULL, list, self));
	ASSERT_EQ(1, poll(&event, 1, LOOKS * 10));
	ASSERT_EQ(POLLIN, event.revents);

	waiter = start(variant->wait);
	ASSERT_LT(0, waiter);
	ASSERT_TRUE(comes_to_wait(waiter));
	administrator = start(administer);
	ASSERT_LT(0, administrator);
	err = outcome(administrator);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, waitpid(waiter, NULL, WNOHANG));

	/* Provide the memory for the names. */
	page.range.start = (uintptr_t)self->memory;
	page.range.len = self->size;
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_ZEROPAGE, &page));
	ASSERT_EQ(0, pthread_join(lister, &len));
	EXPECT_LT(0, (long)len);
	EXPECT_EQ(0, outcome(waiter));
	EXPECT_TRUE(variant->done());
	if (err == -EINPROGRESS) {
		EXPECT_EQ(0, outcome(administrator));
	}
	EXPECT_EQ(0, close(self->fault));
}

IPE_TEST_MAIN(no_setup, no_teardown)
