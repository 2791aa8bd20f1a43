// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - accesses that IPE judges: executing and mapping files
 */
#include <linux/limits.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "access.h"
#include "probe.h"

#define PAGE 4096UL

/*
 * Executes in a child, after prepare(argument) has set up the child. The word, if
 * there is one, is the program's argument. A pipe that closes on execution tells an
 * error of the system call from an exit code of the program. Returns the exit code;
 * -ENOEXEC if the program was stopped on the way, -ECANCELED if the child could not
 * be prepared.
 */
int run_program_with(const char *word, int fd, const char *path, int flags,
		     int (*prepare)(void *argument), void *argument)
{
	char *const argv[] = { "probe", (char *)word, NULL };
	char *const envp[] = { NULL };
	int tell[2], err = 0, status;
	pid_t child;

	if (pipe2(tell, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		err = -errno;
		close(tell[0]);
		close(tell[1]);
		return err;
	}
	if (!child) {
		err = prepare ? prepare(argument) : 0;
		if (err) {
			fprintf(stderr, "# the child is not prepared: %s\n",
				strerror(-err));
			err = -ECANCELED;
		} else {
			syscall(SYS_execveat, fd, path, argv, envp, flags);
			err = -errno;
		}
		if (write(tell[1], &err, sizeof(err)) != sizeof(err))
			_exit(2);
		_exit(1);
	}
	close(tell[1]);
	if (read(tell[0], &err, sizeof(err)) < 0)
		err = -errno;
	close(tell[0]);
	if (waitpid(child, &status, 0) != child)
		return -ECHILD;
	if (err)
		return err;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ENOEXEC;
}

int run_program(int fd, const char *path, int flags,
		int (*prepare)(void *argument), void *argument)
{
	return run_program_with(NULL, fd, path, flags, prepare, argument);
}

/* Returns the exit code of the program, or a negative errno. */
int try_run(const char *path)
{
	return run_program(AT_FDCWD, path, 0, NULL, NULL);
}

/* Turns the result of run_program() into 0 if the program reports that it ran. */
int program_ran(int code)
{
	if (code == PROBE_RAN)
		return 0;
	return code < 0 ? code : -ENOEXEC;
}

/* Makes new readable memory of this thread executable, or no longer. */
int read_implies_exec(bool on)
{
	int now = personality(0xffffffff);

	if (now < 0 ||
	    personality(on ? now | READ_IMPLIES_EXEC :
			     now & ~READ_IMPLIES_EXEC) < 0)
		return -errno;
	return 0;
}

/* For run_program(). */
int try_grow_heap(bool with_personality)
{
	char *const end = (char *)syscall(SYS_brk, 0), *now;

	if (read_implies_exec(with_personality))
		return -ECANCELED;
	now = (char *)syscall(SYS_brk, end + 2 * getpagesize());
	if (read_implies_exec(false))
		return -ECANCELED;
	if (now == end)
		return -ENOMEM;
	syscall(SYS_brk, end);
	return 0;
}

int set_read_implies_exec(void *unused)
{
	(void)unused;
	return read_implies_exec(true);
}

static int try_exec(int fd, const char *path, int flags)
{
	return program_ran(run_program(fd, path, flags, NULL, NULL));
}

int try_execve(const char *path)
{
	return try_exec(AT_FDCWD, path, 0);
}

int try_execveat(int fd)
{
	return try_exec(fd, "", AT_EMPTY_PATH);
}

static int check_execve(int fd, const char *path, int flags)
{
	char *const argv[] = { "probe", NULL };
	char *const envp[] = { NULL };

	if (syscall(SYS_execveat, fd, path, argv, envp, flags | AT_EXECVE_CHECK))
		return -errno;
	return 0;
}

/* A directory cannot be executed. Linux before 6.14 does not get that far. */
bool kernel_checks_execve(void)
{
	static int err;

	if (!err)
		err = check_execve(AT_FDCWD, "/", 0);
	return err != -EINVAL;
}

/*
 * Asks whether the file may be executed, without executing it. Where the kernel has no
 * such question, executes it.
 */
int try_execve_check(int fd)
{
	if (!kernel_checks_execve())
		return try_execveat(fd);
	return check_execve(fd, "", AT_EMPTY_PATH);
}

int try_mmap(int fd, int flags)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, flags, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, PAGE);
	return 0;
}

/* Maps without execution, which is always allowed, then adds it. */
static int try_add_execution(int fd, int prot, int flags)
{
	void *at = mmap(NULL, PAGE, prot, flags, fd, 0);
	int err = 0;

	if (at == MAP_FAILED)
		return -EIO;
	if (mprotect(at, PAGE, PROT_READ | PROT_EXEC))
		err = -errno;
	munmap(at, PAGE);
	return err;
}

int try_mprotect(int fd)
{
	return try_add_execution(fd, PROT_READ, MAP_PRIVATE);
}

/* Opens the file for reading, and tries with the descriptor. */
static int try_path(const char *path, int (*try)(int fd))
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = try(fd);
	close(fd);
	return err;
}

int try_execve_check_path(const char *path)
{
	return try_path(path, try_execve_check);
}

int try_mprotect_path(const char *path)
{
	return try_path(path, try_mprotect);
}

static int try_mmap_private(int fd)
{
	return try_mmap(fd, MAP_PRIVATE);
}

int try_mmap_path(const char *path)
{
	return try_path(path, try_mmap_private);
}

int try_mmap_anonymous(void)
{
	return try_mmap(-1, MAP_PRIVATE | MAP_ANONYMOUS);
}

int try_mprotect_anonymous(void)
{
	return try_add_execution(-1, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS);
}

/* A file that is executed through this interpreter. */
int write_script(const char *path, const char *interpreter)
{
	char text[PATH_MAX];
	int fd, err;

	snprintf(text, sizeof(text), "#!%s\n", interpreter);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
	if (fd < 0)
		return -errno;
	err = write_fd(fd, text, strlen(text));
	close(fd);
	return err;
}

/* Copies the program into a directory, under its own name. */
int subject_copy_probe(const char *dir, char *path, size_t size)
{
	static unsigned int number;
	char from[PATH_MAX];

	snprintf(path, size, "%s/probe-%d-%u", dir, getpid(), number++);
	return copy_file(test_path(from, sizeof(from), "probe"), path, 0755);
}

/* The program in a file without a name. */
int subject_memfd(void)
{
	char from[PATH_MAX];
	struct blob blob;
	int fd, err;

	err = blob_read(test_path(from, sizeof(from), "probe"), &blob);
	if (err)
		return err;
	fd = syscall(SYS_memfd_create, "ipe-test", 0);
	if (fd < 0) {
		err = -errno;
	} else {
		err = write_fd(fd, blob.data, blob.len);
		if (err)
			close(fd);
	}
	blob_free(&blob);
	return err ?: fd;
}
