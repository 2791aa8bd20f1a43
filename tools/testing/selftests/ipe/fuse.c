// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a file system whose data comes from a program
 *
 * As much of FUSE's protocol as it takes to look up, open and read one file:
 * include/uapi/linux/fuse.h.
 */
#include <linux/fuse.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "fuse.h"

#define FILE_NODE 2
#define BLOCK 4096

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

/* Answers a request with so many bytes, or with an error. */
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

	/* A request that was interrupted wants no answer. */
	if (writev(fd, parts, 2) < 0 && errno != ENOENT)
		_exit(1);
}

static void serve_one(int fd, const struct fuse_in_header *in, const void *body,
		      const struct blob *contents)
{
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_statfs_out statfs;
	} out = {};
	const struct fuse_read_in *read_in = body;
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
		answer(fd, in->unique, 0, &out, sizeof(out.open));
		break;
	case FUSE_READ:
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

static void serve(int fd, const struct blob *contents)
{
	static _Alignas(struct fuse_in_header)
		char request[FUSE_MIN_READ_BUFFER + BLOCK];
	const struct fuse_in_header *in = (const void *)request;
	ssize_t len;

	for (;;) {
		len = read(fd, request, sizeof(request));
		if (len < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		/* The end of the mount. */
		if (len < (ssize_t)sizeof(*in))
			_exit(0);
		serve_one(fd, in, in + 1, contents);
	}
}

int fuse_mount(struct fuse_server *server, const char *device, const char *at,
	       const struct blob *contents)
{
	char options[128];
	int err, fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,blksize=%d", fd,
		 BLOCK);
	if (mount(device, at, "fuseblk", MS_RDONLY, options)) {
		err = -errno;
		close(fd);
		return err;
	}
	snprintf(server->mount, sizeof(server->mount), "%s", at);
	server->pid = fork();
	err = server->pid < 0 ? -errno : 0;
	if (!server->pid)
		serve(fd, contents);
	close(fd);
	if (err)
		umount2(at, MNT_DETACH);
	return err;
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
