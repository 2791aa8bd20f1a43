// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - huge pages: memory of hugetlbfs is anonymous, files of a mounted
 * hugetlbfs are files
 */
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "huge_page.h"
#include "stage.h"

#define RX (PROT_READ | PROT_EXEC)

static int try_map(int prot, int flags, int fd)
{
	void *at = mmap(NULL, huge_page, prot, flags, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, huge_page);
	return 0;
}

static int try_protect(int flags, int fd)
{
	void *at = mmap(NULL, huge_page, PROT_READ, flags, fd, 0);
	int err = 0;

	if (at == MAP_FAILED)
		return -EIO;
	if (mprotect(at, huge_page, RX))
		err = -errno;
	munmap(at, huge_page);
	return err;
}

static int try_anonymous(void)
{
	return try_map(RX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

static int try_anonymous_protect(void)
{
	return try_protect(MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

static int try_file(int fd)
{
	int err;

	if (fd < 0)
		return -EIO;
	err = ftruncate(fd, huge_page) ? -EIO : try_map(RX, MAP_SHARED, fd);
	close(fd);
	return err;
}

static int try_huge_memfd(void)
{
	return try_file(memfd_create("ipe-test", MFD_CLOEXEC | MFD_HUGETLB));
}

static int try_shm(void)
{
	int id = shmget(IPC_PRIVATE, huge_page, IPC_CREAT | SHM_HUGETLB | 0700);
	int err = 0;
	void *at;

	if (id < 0)
		return -EIO;
	at = shmat(id, NULL, SHM_EXEC);
	if (at == (void *)-1)
		err = -errno;
	else
		shmdt(at);
	shmctl(id, IPC_RMID, NULL);
	return err;
}

static int try_mounted(void)
{
	char path[PATH_MAX], file[PATH_MAX + 8];
	int err = -EIO;

	test_path(path, sizeof(path), "huge");
	snprintf(file, sizeof(file), "%s/file", path);
	if (mkdir(path, 0700))
		return err;
	if (!mount("none", path, "hugetlbfs", 0, NULL)) {
		err = try_file(open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0700));
		umount(path);
	}
	rmdir(path);
	return err;
}

FIXTURE(huge_page)
{
	int audit;
};

FIXTURE_VARIANT(huge_page)
{
	int (*attempt)(void);
	const char *hook;
	bool is_memory;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(huge_page, mmap) { try_anonymous, "MMAP", true };
FIXTURE_VARIANT_ADD(huge_page, mprotect) { try_anonymous_protect, "MPROTECT", true };
FIXTURE_VARIANT_ADD(huge_page, memfd) { try_huge_memfd, "MMAP", true };
FIXTURE_VARIANT_ADD(huge_page, shm) { try_shm, "MMAP", true };
FIXTURE_VARIANT_ADD(huge_page, mounted) { try_mounted, "MMAP", false };
/* clang-format on */

FIXTURE_SETUP(huge_page)
{
	ASSERT_EQ(0, ipe_reset());
	if (!huge_page)
		SKIP(return, "no pool of huge pages");
	/* Otherwise the test proves nothing. */
	ASSERT_EQ(0, variant->attempt());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(huge_page)

TEST_F(huge_page, memory_is_denied)
{
	char pattern[128];

	ASSERT_EQ(0, policy_enforce_rules(
			     DENY_JUST("anonymous_memory=TRUE")));
	EXPECT_EQ(variant->is_memory ? -EACCES : 0, variant->attempt());
	if (!variant->is_memory) {
		EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
		return;
	}
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=EXECUTE ipe_hook=%s enforcing=1 "
		 ".* rule=\"op=EXECUTE anonymous_memory=TRUE action=DENY\"",
		 variant->hook);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS, pattern, NULL));
}

TEST_F(huge_page, memory_is_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ONLY("anonymous_memory=TRUE")));
	EXPECT_EQ(variant->is_memory ? 0 : -EACCES, variant->attempt());
}

TEST_F(huge_page, files_are_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ONLY("anonymous_memory=FALSE")));
	EXPECT_EQ(variant->is_memory ? -EACCES : 0, variant->attempt());
}

static const char *huge_setup(void)
{
	const char *reason = audited_stage_setup();

	if (!reason)
		huge_pool_fill();
	return reason;
}

static void huge_teardown(void)
{
	huge_pool_restore();
	audited_stage_teardown();
}

IPE_TEST_MAIN(huge_setup, huge_teardown)
