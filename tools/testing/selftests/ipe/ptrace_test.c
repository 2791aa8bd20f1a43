// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the operation PTRACE: which programs may get at the memory of processes
 */
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "probe.h"
#include "stage.h"

#define ALLOW_ALL "DEFAULT action=ALLOW\n"
#define PTRACE "op=PTRACE "

/* A process that waits, with a word that others look for. */
static pid_t target;
static char word[] = "unchanged";

static int make_target(void)
{
	target = fork();
	if (target < 0)
		return -errno;
	if (!target) {
		for (;;)
			pause();
	}
	return 0;
}

static void end_target(void)
{
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
}

static int try_seize(void)
{
	if (ptrace(PTRACE_SEIZE, target, NULL, NULL))
		return -errno;
	ptrace(PTRACE_INTERRUPT, target, NULL, NULL);
	waitpid(target, NULL, 0);
	return ptrace(PTRACE_DETACH, target, NULL, NULL) ? -errno : 0;
}

static int try_attach(void)
{
	if (ptrace(PTRACE_ATTACH, target, NULL, NULL))
		return -errno;
	waitpid(target, NULL, 0);
	return ptrace(PTRACE_DETACH, target, NULL, NULL) ? -errno : 0;
}

static int try_open_mem(const char *process)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", process);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int try_mem(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", target);
	return try_open_mem(number);
}

static int try_own_mem(void)
{
	return try_open_mem("self");
}

static int try_thread_mem(void)
{
	return try_open_mem("thread-self");
}

static int try_vm(long call)
{
	char copy[sizeof(word)] = "unchanged";
	struct iovec local = { copy, sizeof(copy) };
	struct iovec remote = { word, sizeof(word) };

	return syscall(call, target, &local, 1, &remote, 1, 0) < 0 ? -errno : 0;
}

static int try_vm_readv(void)
{
	return try_vm(SYS_process_vm_readv);
}

static int try_vm_writev(void)
{
	return try_vm(SYS_process_vm_writev);
}

static int try_getfd(void)
{
	int fd, pidfd = syscall(SYS_pidfd_open, target, 0);

	if (pidfd < 0)
		return -EIO;
	fd = syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	if (fd < 0)
		fd = -errno;
	else
		close(fd);
	close(pidfd);
	return fd < 0 ? fd : 0;
}

static int try_userfaultfd(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* The device asks for no capability, and makes the same file. */
static int try_userfaultfd_device(void)
{
	int fd, device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);

	if (device < 0)
		return -EIO;
	fd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	else
		close(fd);
	close(device);
	return fd < 0 ? fd : 0;
}

static int try_syscall_file(void)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/syscall", target);
	return read_file(path, text, sizeof(text)) < 0 ? -errno : 0;
}

/* Accesses that only look at a process are not asked about. */
static int try_maps(void)
{
	char path[64], text[4096];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/maps", target);
	len = read_file(path, text, sizeof(text));
	return len < 0 ? len : 0;
}

struct way {
	const char *hook;
	int (*attempt)(void);
	/* How the kernel refuses; 0 where it does not ask. */
	int refusal;
};

static const struct way seize = { "PTRACE_ACCESS_CHECK", try_seize, -EACCES };
static const struct way attach = { "PTRACE_ACCESS_CHECK", try_attach, -EACCES };
static const struct way mem = { "PROC_MEM", try_mem, -EACCES };
static const struct way own_mem = { "PROC_MEM", try_own_mem, -EACCES };
static const struct way thread_mem = { "PROC_MEM", try_thread_mem, -EACCES };
static const struct way vm_readv = { "PTRACE_ACCESS_CHECK", try_vm_readv, -EPERM };
static const struct way vm_writev = { "PTRACE_ACCESS_CHECK", try_vm_writev, -EPERM };
static const struct way getfd = { "PTRACE_ACCESS_CHECK", try_getfd, -EPERM };
static const struct way uffd = { "USERFAULTFD", try_userfaultfd, -EACCES };
static const struct way uffd_device = { "USERFAULTFD", try_userfaultfd_device,
					-EACCES };
static const struct way syscall_file = { "PTRACE_ACCESS_CHECK", try_syscall_file, -EPERM };
static const struct way maps = { "PTRACE_ACCESS_CHECK", try_maps, 0 };

FIXTURE(way)
{
	int audit;
};

FIXTURE_VARIANT(way)
{
	const struct way *way;
};

#define WAY(id) FIXTURE_VARIANT_ADD(way, id) { .way = &id }

/* clang-format off */
WAY(seize);
WAY(attach);
WAY(mem);
WAY(own_mem);
WAY(thread_mem);
WAY(vm_readv);
WAY(vm_writev);
WAY(getfd);
WAY(uffd);
WAY(uffd_device);
WAY(syscall_file);
WAY(maps);
/* clang-format on */

FIXTURE_SETUP(way)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, make_target());
	/* Otherwise the test proves nothing. */
	ASSERT_EQ(0, variant->way->attempt());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN(way)
{
	end_target();
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(way, not_named)
{
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(0, variant->way->attempt());
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(way, denied)
{
	char pattern[512];

	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n"));
	if (!variant->way->refusal) {
		EXPECT_EQ(0, variant->way->attempt());
		EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
		return;
	}
	EXPECT_EQ(variant->way->refusal, variant->way->attempt());
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=PTRACE ipe_hook=%s enforcing=1 pid=[0-9]+ comm=.* "
		 "path=\\? dev=\\? ino=\\? "
		 "rule=\"DEFAULT op=PTRACE action=DENY\" "
		 "exe_dev=\"rootfs\" exe_ino=[0-9]+ exe_boot_verified=TRUE$",
		 variant->way->hook);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS, pattern, NULL));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(way, permissive)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n"));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, variant->way->attempt());
	if (!variant->way->refusal) {
		EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
		return;
	}
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=PTRACE .* enforcing=0 ", NULL));
}

TEST_F(way, allowed_to_this_program)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n"
			     PTRACE "exe_boot_verified=TRUE action=ALLOW\n"));
	EXPECT_EQ(0, variant->way->attempt());
}

TEST_F(way, denied_to_this_program)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ALL
			     PTRACE "exe_boot_verified=TRUE action=DENY\n"));
	EXPECT_EQ(variant->way->refusal, variant->way->attempt());
}

TEST_F(way, denied_to_other_programs)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ALL
			     PTRACE "exe_boot_verified=FALSE action=DENY\n"));
	EXPECT_EQ(0, variant->way->attempt());
}

/* Two programs, a parent of the initramfs and its child: which of them asks. */
FIXTURE(asker)
{
};

FIXTURE_VARIANT(asker)
{
	const char *rules;
	/* May the child trace its parent, and be traced by it. */
	bool may_trace, may_be_traced;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(asker, nobody) { ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n", false, false };
FIXTURE_VARIANT_ADD(asker, parent) { ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n" PTRACE "exe_boot_verified=TRUE action=ALLOW\n", false, true };
FIXTURE_VARIANT_ADD(asker, not_parent) { ALLOW_ALL PTRACE "exe_boot_verified=TRUE action=DENY\n", true, false };
FIXTURE_VARIANT_ADD(asker, child) { ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n" PTRACE "exe_fsverity_digest=$fsv action=ALLOW\n", true, false };
FIXTURE_VARIANT_ADD(asker, another) { ALLOW_ALL "DEFAULT op=PTRACE action=DENY\n" PTRACE "exe_fsverity_digest=$wrong action=ALLOW\n", false, false };
/* clang-format on */

FIXTURE_SETUP(asker)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(asker)

static int ask(const char *what)
{
	return run_program_with(what, AT_FDCWD, stage_path(PLACE_FSV, "probe"),
				0, NULL, NULL);
}

TEST_F(asker, traceme)
{
	EXPECT_EQ(variant->may_be_traced ? 0 : EACCES, ask(PROBE_TRACEME));
}

TEST_F(asker, seize)
{
	EXPECT_EQ(variant->may_trace ? 0 : EACCES, ask(PROBE_SEIZE));
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
