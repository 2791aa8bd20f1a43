// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - decisions about code: easily forgotten ways to execute it
 */
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"

#define PAGE 4096UL

/* The policy denies all execution. */
FIXTURE(denied)
{
};

RESET_AROUND(denied)

#define DENY_ALL "DEFAULT action=DENY\n"

/* Executable memory may stay executable, also with more rights. */
TEST_F(denied, already_executable)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	/* Memory that gave up the right does not regain it. */
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ));
	EXPECT_EQ(-1, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, already_executable_file)
{
	int fd = open(stage_path(PLACE_TMPFS, "probe"), O_RDONLY);
	void *at;

	ASSERT_LE(0, fd);
	at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_NONE));
	EXPECT_EQ(-1, mprotect(at, PAGE, PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, close(fd));
}

/* IPE is only asked about execution. */
TEST_F(denied, other_protections)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_WRITE,
					   PROT_READ | PROT_WRITE };
	unsigned int i, j;
	void *at;

	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	for (i = 0; i < ARRAY_SIZE(protections); i++) {
		at = mmap(NULL, PAGE, protections[i],
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, at);
		for (j = 0; j < ARRAY_SIZE(protections); j++)
			EXPECT_EQ(0, mprotect(at, PAGE, protections[j]));
		EXPECT_EQ(0, munmap(at, PAGE));
	}
}

/* A part of a mapping is enough. */
TEST_F(denied, part_of_mapping)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_EQ(-1, mprotect(at + PAGE, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(at, 3 * PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, pkey_mprotect)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	/* With the key -1 it is mprotect(2). */
	EXPECT_EQ(-1, syscall(SYS_pkey_mprotect, at, PAGE,
			      PROT_READ | PROT_EXEC, -1));
	if (errno == ENOSYS)
		SKIP(return, "no pkey_mprotect(2)");
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, shared_memory)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
	void *at;

	if (id < 0 && errno == ENOSYS)
		SKIP(return, "no System V shared memory");
	ASSERT_LE(0, id);
	at = shmat(id, NULL, SHM_EXEC);
	EXPECT_NE((void *)-1, at);
	EXPECT_EQ(0, shmdt(at));
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	at = shmat(id, NULL, SHM_EXEC);
	EXPECT_EQ((void *)-1, at);
	EXPECT_EQ(EACCES, errno);
	at = shmat(id, NULL, 0);
	EXPECT_NE((void *)-1, at);
	EXPECT_EQ(0, shmdt(at));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
}

/* The status from waitpid(2) of a child that exits with the result of the job. */
static int in_child(int (*job)(void))
{
	const pid_t child = fork();
	int status;

	if (!child)
		_exit(job());
	return child < 0 || waitpid(child, &status, 0) != child ? -errno :
								  status;
}

static int read_as_executable(void)
{
	if (personality(READ_IMPLIES_EXEC) < 0)
		return 2;
	if (mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    MAP_FAILED)
		return 3;
	return errno == EACCES ? 0 : 4;
}

/* With READ_IMPLIES_EXEC, a request to read is a request to execute. */
TEST_F(denied, read_implies_exec)
{
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_EQ(0, in_child(read_as_executable));
}

/* Only mapping is denied: the file can be read. */
TEST_F(denied, reading)
{
	char data[64];

	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_LT(0, read_file(stage_path(PLACE_TMPFS, "name"), data,
			       sizeof(data)));
}

static int execute_as_nobody(void)
{
	if (setresuid(65534, 65534, 65534))
		return 2;
	return try_mmap_anonymous() == -EACCES &&
			       try_execve("/proc/self/exe") == -EACCES ?
		       0 :
		       3;
}

/* A child that has become another user is denied, too. */
TEST_F(denied, by_children)
{
	ASSERT_EQ(0, stage_enforce(DENY_ALL));
	EXPECT_EQ(0, in_child(execute_as_nobody));
}

/* IPE judges a script as well as its interpreter. */
TEST_F(denied, script)
{
	char path[PATH_MAX];

	NEEDS_PLACE(PLACE_INITRAMFS);
	snprintf(path, sizeof(path), "%s/script-%d", stage_dir(), getpid());
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, stage_enforce(TRUST_INITRAMFS));
	EXPECT_EQ(-EACCES, try_execve(path));
	/* AT_EXECVE_CHECK gives the same answer. */
	if (kernel_checks_execve())
		EXPECT_EQ(-EACCES, try_execve_check_path(path));
}

TEST_F(denied, interpreter)
{
	char path[PATH_MAX], name[64];

	NEEDS_PLACE(PLACE_INITRAMFS);
	snprintf(name, sizeof(name), "script-%d", getpid());
	test_path(path, sizeof(path), name);
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, stage_enforce(TRUST_INITRAMFS));
	EXPECT_EQ(-EACCES, try_execve(path));
	/* The script itself is allowed. */
	EXPECT_EQ(0, unlink(path));
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	if (kernel_checks_execve())
		EXPECT_EQ(0, try_execve_check_path(path));
	EXPECT_EQ(0, unlink(path));
}

/*
 * A device node is on a volume, but its data is not: that of /dev/zero is
 * anonymous memory, that of a disk is whatever is on the disk.
 */
TEST_F(denied, device_node)
{
	char path[PATH_MAX];
	void *at;
	int fd;

	NEEDS_PLACE(PLACE_INITRAMFS);
	test_path(path, sizeof(path), "zero");
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0666, makedev(1, 5)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, try_mmap(fd, MAP_PRIVATE));
	ASSERT_EQ(0, stage_enforce(TRUST_INITRAMFS));
	EXPECT_EQ(-EACCES, try_mmap(fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_mprotect(fd));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE,
		  fd, 0);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(0, close(fd));
}

/*
 * A program on an overlay may be copied up after IPE has judged it and before
 * its headers are read, so IPE judges it again.
 */
FIXTURE(headers)
{
};

FIXTURE_VARIANT(headers)
{
	enum place place;
	int questions;
};

FIXTURE_VARIANT_ADD(headers, overlay) { PLACE_OVERLAY_DMV, 2 };
FIXTURE_VARIANT_ADD(headers, volume) { PLACE_DMV_SIGNED, 1 };

FIXTURE_SETUP(headers)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
}

RESET_AFTER(headers)

TEST_F(headers, judged_again)
{
	struct audit_record record;
	int fd, questions = 0;

	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, try_execve(stage_path(variant->place, "probe")));
	while (!audit_match(fd, AUDIT_IPE_ACCESS, "ipe_hook=BPRM_CHECK ",
			    &record))
		questions++;
	EXPECT_EQ(variant->questions, questions);
	audit_close(fd);
}

/* IPE judges a modified private mapping by its file. */
TEST_F(denied, modified_mapping)
{
	int fd = open(stage_path(PLACE_FSV, "probe"), O_RDONLY | O_CLOEXEC);
	void *at;

	NEEDS_PLACE(PLACE_FSV);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_digest=$fsv")));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	memset(at, 0, PAGE);
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, close(fd));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
