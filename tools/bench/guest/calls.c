// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE benchmark - the system calls that ask IPE, and their objects
 */
#include <linux/fsverity.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../../testing/selftests/ipe/verity.h"
#include "calls.h"
#include "clock.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

/* The number of rounds before the measurement, and in it. */
#define WARM_UP 8
#define REPETITIONS 40

/* The address of all mappings: the same for each, so that they cost the same. */
#define ADDRESS ((void *)0x7e0000000000)
#define LENGTH 4096

struct subject subjects[PLACES] = {
	[INITRAMFS] = { .name = "initramfs", .fd = -1 },
	[DMVERITY] = { .name = "dmverity", .fd = -1 },
	[FSVERITY_FIRST] = { .name = "fsverity-first", .fd = -1 },
	[FSVERITY_LAST] = { .name = "fsverity-last", .fd = -1 },
	[FSVERITY_NONE] = { .name = "fsverity-none", .fd = -1 },
	[ANONYMOUS] = { .name = "anonymous", .fd = -1 },
};

static void open_at(enum place place, const char *path)
{
	struct subject *subject = &subjects[place];

	snprintf(subject->path, sizeof(subject->path), "%s", path);
	subject->fd = open(path, O_RDONLY | O_CLOEXEC);
	must(subject->fd < 0 ? -errno : 0, path);
}

/* Copies a file to the file system of those that fs-verity protects. */
static void protect_copy(const char *name, const char *to)
{
	char from[PATH_MAX];

	must(copy_file(test_path(from, sizeof(from), name), to, 0755), to);
	must(fsverity_enable(to, FS_VERITY_HASH_ALG_SHA256, NULL), to);
}

void become_protected(uint64_t begin)
{
	char device[32], image[PATH_MAX], self[PATH_MAX], number[24];
	char *const argv[] = { "bench", number, NULL };

	snprintf(number, sizeof(number), "%llu", (unsigned long long)begin);
	must(loop_open(test_path(image, sizeof(image), "images/ext4.img"),
		       false, device), "loop device");
	mkdir(PROTECTED, 0755);
	must(mount(device, PROTECTED, "ext4", MS_NOATIME, NULL) ? -errno : 0,
	     "mount of ext4");
	protect_copy("bench", PROTECTED "/bench");
	/* The path stays, as all other files are beside it. */
	test_path(self, sizeof(self), "bench");
	must(mount(PROTECTED "/bench", self, NULL, MS_BIND, NULL) ? -errno : 0,
	     "mount of the copy");
	execv(self, argv);
	must(-errno, self);
}

static void open_protected(void)
{
	static const char *const files[] = {
		[FSVERITY_FIRST] = "first",
		[FSVERITY_LAST] = "last",
		[FSVERITY_NONE] = "none",
	};
	char to[PATH_MAX], name[64];
	int i;

	for (i = FSVERITY_FIRST; i <= FSVERITY_NONE; i++) {
		snprintf(name, sizeof(name), "subjects/%s", files[i]);
		snprintf(to, sizeof(to), "%s/%s", PROTECTED, files[i]);
		protect_copy(name, to);
		open_at(i, to);
	}
}

void subjects_open(void)
{
	static struct volume volume;
	char path[PATH_MAX];
	struct image image;

	open_at(INITRAMFS, test_path(path, sizeof(path), "probe"));

	must(image_find(&image, "plain"), "dm-verity image");
	must(volume_open(&volume, &image, false, "/volume"),
	     "dm-verity volume");
	open_at(DMVERITY, "/volume/probe");

	open_protected();
}

static int map(const struct subject *subject, int prot, bool unmap,
	       uint64_t *ticks)
{
	const int flags = MAP_PRIVATE | MAP_FIXED |
			  (subject->fd < 0 ? MAP_ANONYMOUS : 0);
	uint64_t start;
	void *at;

	start = now();
	at = mmap(ADDRESS, LENGTH, prot, flags, subject->fd, 0);
	*ticks = now() - start;
	if (at == MAP_FAILED)
		return -errno;
	if (unmap)
		munmap(at, LENGTH);
	return 0;
}

/* IPE does not decide about this one. */
static int run_mmap_read(const struct subject *subject, uint64_t *ticks)
{
	return map(subject, PROT_READ, true, ticks);
}

static int run_mmap(const struct subject *subject, uint64_t *ticks)
{
	return map(subject, PROT_READ | PROT_EXEC, true, ticks);
}

/* The mapping is readable before. */
static int protect(const struct subject *subject, int prot, uint64_t *ticks)
{
	uint64_t unused, start;
	int err;

	err = map(subject, PROT_READ, false, &unused);
	must(err, "mapping to protect");
	start = now();
	err = mprotect(ADDRESS, LENGTH, prot);
	*ticks = now() - start;
	err = err ? -errno : 0;
	munmap(ADDRESS, LENGTH);
	return err;
}

/* IPE does not decide about this one, either. */
static int run_mprotect_none(const struct subject *subject, uint64_t *ticks)
{
	return protect(subject, PROT_NONE, ticks);
}

static int run_mprotect(const struct subject *subject, uint64_t *ticks)
{
	return protect(subject, PROT_READ | PROT_EXEC, ticks);
}

bool can_check_execve(void)
{
	char *const argv[] = { "/", NULL }, *const envp[] = { NULL };

	syscall(SYS_execveat, AT_FDCWD, "/", argv, envp, AT_EXECVE_CHECK);
	return errno != EINVAL;
}

/* Asks whether the file may be executed. */
static int run_check(const struct subject *subject, uint64_t *ticks)
{
	char *const argv[] = { "probe", NULL }, *const envp[] = { NULL };
	uint64_t start;
	long result;

	start = now();
	result = syscall(SYS_execveat, subject->fd, "", argv, envp,
			 AT_EMPTY_PATH | AT_EXECVE_CHECK);
	*ticks = now() - start;
	return result ? -errno : 0;
}

/* From the fork to the end of the program, which does nothing. */
static int start_program(const char *path, uint64_t *ticks)
{
	char *const argv[] = { "probe", NULL }, *const envp[] = { NULL };
	volatile int err = 0;
	uint64_t start;
	pid_t child;

	start = now();
	child = vfork();
	if (!child) {
		execve(path, argv, envp);
		err = -errno;
		_exit(1);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		fail("no child: %s", strerror(errno));
	*ticks = now() - start;
	return err;
}

static int run_execve(const struct subject *subject, uint64_t *ticks)
{
	return start_program(subject->path, ticks);
}

/* A program with an interpreter, which does nothing, either. */
static int run_execve_dynamic(const struct subject *subject, uint64_t *ticks)
{
	char path[PATH_MAX];

	(void)subject;
	return start_program(test_path(path, sizeof(path), "dynamic"), ticks);
}

static int run_fork(const struct subject *subject, uint64_t *ticks)
{
	uint64_t start;
	pid_t child;

	(void)subject;
	start = now();
	child = fork();
	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		fail("no child: %s", strerror(errno));
	*ticks = now() - start;
	return 0;
}

static int run_open(const struct subject *subject, uint64_t *ticks)
{
	uint64_t start;
	int fd;

	start = now();
	fd = open(subject->path, O_RDONLY | O_CLOEXEC);
	*ticks = now() - start;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int run_ioctl(const struct subject *subject, uint64_t *ticks)
{
	uint64_t start;
	int result;

	start = now();
	result = ioctl(subject->fd, FIOCLEX);
	*ticks = now() - start;
	return result ? -errno : 0;
}

static int run_brk(const struct subject *subject, uint64_t *ticks)
{
	void *const end = sbrk(0);
	uint64_t start;
	int result;

	(void)subject;
	start = now();
	result = brk(end + LENGTH);
	*ticks = now() - start;
	if (result)
		return -errno;
	return brk(end) ? -errno : 0;
}

/* None of the files is a module, but the kernel must read them to find out. */
static int run_kernel_read(const struct subject *subject, uint64_t *ticks)
{
	uint64_t start;
	long result;

	start = now();
	result = syscall(SYS_finit_module, subject->fd, "", 0);
	*ticks = now() - start;
	return result ? -errno : 0;
}

const struct call calls[] = {
	{ "mmap-read", false, ALL, 0, run_mmap_read },
	{ "mmap", true, ALL, 0, run_mmap },
	{ "mprotect-none", false, ALL, 0, run_mprotect_none },
	{ "mprotect", true, ALL, 0, run_mprotect },
	{ "check", true, FILES, 0, run_check },
	{ "execve", true, FILES, 0, run_execve },
	{ "execve-dynamic", true, INITRAMFS_ALONE, 0, run_execve_dynamic },
	{ "fork", false, INITRAMFS_ALONE, 0, run_fork },
	{ "open", false, INITRAMFS_ALONE, 0, run_open },
	{ "ioctl", false, INITRAMFS_ALONE, 0, run_ioctl },
	{ "brk", false, INITRAMFS_ALONE, 0, run_brk },
	{ "kernel-read", true, FILES, -ENOEXEC, run_kernel_read },
};
const size_t calls_count = ARRAY_SIZE(calls);

/* Gives the thread that writes records of denials its turn. */
static void let_others_run(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	nanosleep(&moment, NULL);
}

struct cost call_cost(const struct call *call, const struct subject *subject,
		      bool allowed)
{
	const int expected = allowed ? call->allowed : -EACCES;
	uint64_t samples[REPETITIONS], ticks;
	int i, result;

	for (i = -WARM_UP; i < REPETITIONS; i++) {
		result = call->run(subject, &ticks);
		if (result != expected)
			fail("%s of %s answers %d, not %d", call->name,
			     subject->name, result, expected);
		if (i >= 0)
			samples[i] = ticks;
		if (!allowed)
			let_others_run();
	}
	return cost_of(samples, REPETITIONS);
}
