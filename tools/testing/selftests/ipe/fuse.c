// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a file system whose data comes from a program
 *
 * Only as much of FUSE's protocol as it takes to look up, open and read one
 * file: include/uapi/linux/fuse.h.
 */
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "fuse.h"

#define FILE_NODE 2
#define BLOCK 4096

/* Commands to the server of a slow file: what to do with the waiting read. */
#define ANSWER 'a'
#define STALL 's'

/* The file of a server; if it is slow, the pipes for its orders and reports. */
struct served {
	const struct blob *contents;
	bool slow;
	int orders, reports;
	/* Whether the file can be opened only once. */
	bool once;
};

static void fill(struct fuse_attr *attr, uint64_t node,
		 const struct blob *contents)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = node;
	attr->nlink = 1;
	attr->blksize = BLOCK;
	if (node == FILE_NODE) {
		attr->mode = S_IFREG | 0755;
		attr->size = contents->len;
	} else {
		attr->mode = S_IFDIR | 0755;
	}
}

/* Answers a request with this many bytes, or with an error. */
static void answer(int fd, uint64_t unique, int error, const void *data,
		   size_t len)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + len, .error = error, .unique = unique,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)data, len },
	};

	/* An interrupted request expects no answer. */
	if (writev(fd, parts, 2) < 0 && errno != ENOENT)
		_exit(1);
}

/*
 * The first block of this memory has the data of the file, the second never
 * arrives: the kernel copies up to there, and waits.
 */
static const void *stalling(const struct blob *contents)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register missing = { .range.len = BLOCK };
	int fault = syscall(SYS_userfaultfd, O_CLOEXEC);
	unsigned char *at;

	at = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		_exit(1);
	memcpy(at, contents->data, BLOCK);
	missing.range.start = (uintptr_t)at + BLOCK;
	missing.mode = UFFDIO_REGISTER_MODE_MISSING;
	if (ioctl(fault, UFFDIO_API, &api) ||
	    ioctl(fault, UFFDIO_REGISTER, &missing))
		_exit(1);
	return at;
}

/* Reports that a read has arrived, and does as told. */
static void serve_slowly(int fd, uint64_t unique, const struct served *served)
{
	const void *data = served->contents->data;
	char order = 0;

	if (write(served->reports, "", 1) != 1 ||
	    read(served->orders, &order, 1) != 1)
		_exit(1);
	if (order == STALL)
		data = stalling(served->contents);
	answer(fd, unique, 0, data, served->contents->len);
}

static void serve_one(int fd, const struct fuse_in_header *in, const void *body,
		      const struct served *served)
{
	const struct blob *const contents = served->contents;
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_statfs_out statfs;
	} out = {};
	const struct fuse_read_in *read_in = body;
	static unsigned int opened;
	size_t len;

	switch (in->opcode) {
	case FUSE_INIT:
		out.init.major = FUSE_KERNEL_VERSION;
		out.init.minor = FUSE_KERNEL_MINOR_VERSION;
		out.init.max_write = BLOCK;
		answer(fd, in->unique, 0, &out, sizeof(out.init));
		break;
	case FUSE_LOOKUP:
		if (strcmp(body, "probe")) {
			answer(fd, in->unique, -ENOENT, NULL, 0);
			break;
		}
		out.entry.nodeid = FILE_NODE;
		fill(&out.entry.attr, FILE_NODE, contents);
		answer(fd, in->unique, 0, &out, sizeof(out.entry));
		break;
	case FUSE_GETATTR:
		fill(&out.attr.attr, in->nodeid, contents);
		answer(fd, in->unique, 0, &out, sizeof(out.attr));
		break;
	case FUSE_OPEN:
		if (served->once && opened++) {
			answer(fd, in->unique, -ENOEXEC, NULL, 0);
			break;
		}
		if (served->slow)
			out.open.open_flags = FOPEN_DIRECT_IO;
		answer(fd, in->unique, 0, &out, sizeof(out.open));
		break;
	case FUSE_READ:
		if (served->slow) {
			serve_slowly(fd, in->unique, served);
			break;
		}
		len = 0;
		if (read_in->offset < contents->len)
			len = contents->len - read_in->offset;
		if (len > read_in->size)
			len = read_in->size;
		answer(fd, in->unique, 0, contents->data + read_in->offset,
		       len);
		break;
	case FUSE_STATFS:
		answer(fd, in->unique, 0, &out, sizeof(out.statfs));
		break;
	case FUSE_RELEASE:
	case FUSE_DESTROY:
		answer(fd, in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fd, in->unique, -ENOSYS, NULL, 0);
	}
}

static void serve(int fd, const struct served *served)
{
	static _Alignas(struct fuse_in_header)
		char request[FUSE_MIN_READ_BUFFER + BLOCK];
	const struct fuse_in_header *in = (const void *)request;
	ssize_t len;

	for (;;) {
		len = read(fd, request, sizeof(request));
		if (len < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		/* The file system was unmounted. */
		if (len < (ssize_t)sizeof(*in))
			_exit(0);
		serve_one(fd, in, in + 1, served);
	}
}

/* Mounts, and serves in a child. */
static int start(struct fuse_server *server, const char *device, const char *at,
		 const char *type, const char *options,
		 const struct served *served)
{
	char all[160];
	int err, fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(all, sizeof(all), "fd=%d,rootmode=40000,%s", fd, options);
	if (mount(device, at, type, MS_RDONLY, all)) {
		err = -errno;
		close(fd);
		return err;
	}
	snprintf(server->mount, sizeof(server->mount), "%s", at);
	server->pid = fork();
	err = server->pid < 0 ? -errno : 0;
	if (!server->pid)
		serve(fd, served);
	close(fd);
	if (err)
		umount2(at, MNT_DETACH);
	return err;
}

int fuse_mount(struct fuse_server *server, const char *device, const char *at,
	       const struct blob *contents)
{
	const struct served served = { .contents = contents };
	char options[64];

	snprintf(options, sizeof(options), "user_id=0,group_id=0,blksize=%d",
		 BLOCK);
	return start(server, device, at, "fuseblk", options, &served);
}

int fuse_mount_once(struct fuse_server *server, const char *at,
		    const struct blob *contents)
{
	const struct served served = { .contents = contents, .once = true };

	return start(server, "once", at, "fuse", "user_id=0,group_id=0",
		     &served);
}

int fuse_mount_slow(struct fuse_server *server, const char *at,
		    const struct blob *contents, uid_t user)
{
	struct served served = { .contents = contents, .slow = true };
	int orders[2], reports[2], err;
	char options[64];

	if (pipe2(orders, O_CLOEXEC))
		return -errno;
	if (pipe2(reports, O_CLOEXEC)) {
		err = -errno;
		close(orders[0]);
		close(orders[1]);
		return err;
	}
	served.orders = orders[0];
	served.reports = reports[1];
	snprintf(options, sizeof(options), "user_id=%u,group_id=%u", user,
		 user);
	err = start(server, "slow", at, "fuse", options, &served);
	close(orders[0]);
	close(reports[1]);
	server->orders = orders[1];
	server->reports = reports[0];
	if (err) {
		close(orders[1]);
		close(reports[0]);
	}
	return err;
}

int fuse_wait_for_read(const struct fuse_server *server)
{
	char report;

	return read(server->reports, &report, 1) == 1 ? 0 : -EIO;
}

int fuse_answer(const struct fuse_server *server, bool stall)
{
	const char order = stall ? STALL : ANSWER;

	return write_fd(server->orders, &order, 1);
}

int fuse_unmount(struct fuse_server *server)
{
	int status;

	if (umount2(server->mount, 0))
		return -errno;
	if (waitpid(server->pid, &status, 0) != server->pid)
		return -ECHILD;
	return status ? -EIO : 0;
}

/* The server may be stuck: kill it, which ends the reads of its file. */
int fuse_abort(struct fuse_server *server)
{
	close(server->orders);
	close(server->reports);
	if (kill(server->pid, SIGKILL) ||
	    waitpid(server->pid, NULL, 0) != server->pid)
		return -ECHILD;
	return umount2(server->mount, MNT_DETACH) ? -errno : 0;
}
