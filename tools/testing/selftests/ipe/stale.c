// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - files whose page cache differs from the data that fs-verity
 * hashed
 *
 * A user makes the kernel read from a FUSE file, without a cache in between,
 * into a writable shared mapping of another file. The kernel holds the page of
 * that file until FUSE answers, for as long as the user likes: the mapping goes
 * away, nobody has the file open for writing, and fs-verity is enabled. Then
 * FUSE answers.
 */
#include <linux/fsverity.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "stale.h"
#include "verity.h"

struct slow_read {
	int fd;
	void *to;
	ssize_t len;
};

static void *read_slowly(void *arg)
{
	struct slow_read *slow = arg;

	slow->len = read(slow->fd, slow->to, 2 * PAGE);
	return NULL;
}

/*
 * The page, and behind it one without a file, because the server's file is that
 * long.
 */
static void *map_page(const char *path, size_t page)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char *at;

	if (fd < 0)
		return MAP_FAILED;
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		at = mmap(at, PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, page * PAGE);
	close(fd);
	return at;
}

/* After this only the page itself can be dirty. */
static int write_back(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

#ifdef __x86_64__
#define I386_GETPID 20
#define I386_IOCTL 54

/* Any program can make 32-bit system calls. */
static int call_compat(int number, int first, unsigned long second, void *third)
{
	int ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(number), "b"(first), "c"(second), "d"(third)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int ioctl_compat(int fd, unsigned long request, void *arg)
{
	return call_compat(I386_IOCTL, fd, request, arg);
}

/* Without them the child is killed. */
bool stale_compat_possible(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(call_compat(I386_GETPID, 0, 0, NULL) != getpid());
	return waitpid(child, &status, 0) == child && !status;
}
#else
static int ioctl_compat(int fd, unsigned long request, void *arg)
{
	(void)fd;
	(void)request;
	(void)arg;
	return -ENOSYS;
}

bool stale_compat_possible(void)
{
	return false;
}
#endif

static int enable_compat(const char *path)
{
	struct fsverity_enable_arg *arg;
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* Memory at an address that such a call can pass. */
	arg = mmap((void *)(1024 * MIB), PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (arg == MAP_FAILED) {
		err = -errno;
	} else {
		arg->version = 1;
		arg->hash_algorithm = FS_VERITY_HASH_ALG_SHA256;
		arg->block_size = PAGE;
		err = ioctl_compat(fd, FS_IOC_ENABLE_VERITY, arg);
	}
	close(fd);
	return err;
}

static int enable(const struct stale *stale)
{
	if (stale->compat)
		return enable_compat(stale->path);
	return fsverity_enable(stale->path, FS_VERITY_HASH_ALG_SHA256,
			       stale->signature);
}

static void attack(const struct stale *stale, int tell)
{
	struct slow_read slow = {};
	char path[PATH_MAX + 8];
	pthread_t reader;
	int err;

	snprintf(path, sizeof(path), "%s/probe", stale->server.mount);
	if (setresgid(STALE_USER, STALE_USER, STALE_USER) ||
	    setresuid(STALE_USER, STALE_USER, STALE_USER))
		_exit(1);
	slow.fd = open(path, O_RDONLY | O_CLOEXEC);
	slow.to = map_page(stale->path, stale->page);
	if (slow.fd < 0 || slow.to == MAP_FAILED ||
	    pthread_create(&reader, NULL, read_slowly, &slow) ||
	    fuse_wait_for_read(&stale->server) || munmap(slow.to, PAGE))
		_exit(1);
	err = enable(stale) ?: write_back(stale->path);
	if (write_fd(tell, &err, sizeof(err)))
		_exit(1);
	pthread_join(reader, NULL);
	_exit(slow.len == 2 * PAGE ? 0 : 1);
}

int stale_begin(struct stale *stale, const char *mount_at)
{
	static unsigned char served[2 * PAGE];
	const struct blob contents = { served, sizeof(served) };
	int tell[2], err;

	memcpy(served, stale->changed, PAGE);
	if (mkdir(mount_at, 0755) && errno != EEXIST)
		return -errno;
	err = fuse_mount_slow(&stale->server, mount_at, &contents, STALE_USER);
	if (err) {
		stale->server.pid = 0;
		return err;
	}
	if (pipe2(tell, O_CLOEXEC))
		return -errno;
	stale->attacker = fork();
	if (!stale->attacker)
		attack(stale, tell[1]);
	close(tell[1]);
	if (stale->attacker < 0 ||
	    read(tell[0], &err, sizeof(err)) != sizeof(err))
		err = -ECHILD;
	close(tell[0]);
	return err;
}

static bool has_changed(const struct stale *stale)
{
	unsigned char now[PAGE] = {};
	int fd = open(stale->path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = pread(fd, now, PAGE, stale->page * PAGE);
	close(fd);
	return len > 0 && !memcmp(now, stale->changed, len);
}

int stale_change(struct stale *stale, bool dirty)
{
	int i, status, err;

	err = fuse_answer(&stale->server, !dirty);
	if (err)
		return err;
	if (!dirty) {
		for (i = 0; i < 1000 && !has_changed(stale); i++)
			usleep(10000);
		return i < 1000 ? 0 : -ETIMEDOUT;
	}
	/* The kernel finishes with the page after the server has answered. */
	if (waitpid(stale->attacker, &status, 0) != stale->attacker)
		return -ECHILD;
	stale->attacker = 0;
	return status ? -EIO : 0;
}

/* Without a server, the reader gets an error and exits. */
int stale_end(struct stale *stale)
{
	int err = 0;

	if (stale->server.pid)
		err = fuse_abort(&stale->server);
	if (stale->attacker > 0 &&
	    (kill(stale->attacker, SIGKILL) ||
	     waitpid(stale->attacker, NULL, 0) != stale->attacker))
		err = -ECHILD;
	return err;
}
