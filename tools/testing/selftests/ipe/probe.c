// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the program that the tests execute
 *
 * Its exit code proves that it ran, or is the result of what an argument asks for:
 * the ways in which the program could get executable memory, for example.
 */
#include "interpreted.h"
#include "probe.h"

#ifndef PROBE_EXIT
#define PROBE_EXIT PROBE_RAN
#endif

#define PAGE 4096UL
#define EXECUTABLE (PROT_READ | PROT_EXEC)

static int maps(int prot, int flags, int fd)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0) != MAP_FAILED;
}

static int protects(void *at)
{
	/* Of the whole page that the address is in. */
	at = (void *)((unsigned long)at & ~(PAGE - 1));
	return !syscall(__NR_mprotect, at, PAGE, EXECUTABLE | PROT_WRITE);
}

static int maps_memfd(void)
{
	int fd = syscall(__NR_memfd_create, "generated", 0);

	return fd >= 0 && !syscall(__NR_ftruncate, fd, PAGE) &&
	       maps(EXECUTABLE, MAP_PRIVATE, fd);
}

static int maps_zero(void)
{
	int fd = open("/dev/zero", O_RDWR);

	return fd >= 0 && maps(EXECUTABLE, MAP_PRIVATE, fd);
}

static int attaches_shm(void)
{
	int id = syscall(__NR_shmget, 0 /* IPC_PRIVATE */, PAGE, 01000 | 0700);
	long at;

	if (id < 0)
		return 0;
	at = syscall(__NR_shmat, id, NULL, 0100000 /* SHM_EXEC */);
	syscall(__NR_shmctl, id, 0 /* IPC_RMID */, NULL);
	return at != -1;
}

static int generate(void)
{
	int ways = PROBE_GENERATED;
	void *at;

	if (maps(EXECUTABLE, MAP_PRIVATE | MAP_ANONYMOUS, -1))
		ways |= PROBE_MMAP;
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED && protects(at))
		ways |= PROBE_MPROTECT;
	if (maps_memfd())
		ways |= PROBE_MEMFD;
	if (maps_zero())
		ways |= PROBE_ZERO;
	if (attaches_shm())
		ways |= PROBE_SHM;
	/* nolibc returns the end of the heap. */
	at = sbrk(PAGE);
	if (at != (void *)-1 && protects(at - 1))
		ways |= PROBE_HEAP_MPROTECT;
	if (protects(&at))
		ways |= PROBE_STACK_MPROTECT;
	return ways;
}

/*
 * Makes another file the one that /proc/self/exe shows, which needs the first one to
 * be mapped no more: so this runs as the interpreter of the program "interpreted".
 */
static int exchange(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 || munmap((void *)PROGRAM_ADDRESS, PROGRAM_ROOM) ||
	       syscall(__NR_prctl, 35 /* PR_SET_MM */, 13 /* EXE_FILE */, fd, 0,
		       0);
}

/* The bits of the file securebits.h that are about scripts, from bit 0 on. */
static int script_bits(void)
{
	return syscall(__NR_prctl, 27 /* PR_GET_SECUREBITS */, 0, 0, 0, 0) >> 8;
}

/* Executes another program, and lets that tell its bits. */
static int execute(const char *path)
{
	char *const argv[] = { "probe", PROBE_SCRIPT_BITS, NULL };
	char *const envp[] = { NULL };

	execve(path, argv, envp);
	return PROBE_FAILED;
}

static int trace(int operation, pid_t process)
{
	return syscall(__NR_ptrace, operation, process, NULL, NULL) ? errno : 0;
}

/* Does what the word asks for, if it is one. */
static int obey(const char *word)
{
	if (!strcmp(word, PROBE_GENERATE))
		return generate();
	if (!strncmp(word, PROBE_EXCHANGE, strlen(PROBE_EXCHANGE)))
		return exchange(word + strlen(PROBE_EXCHANGE)) ? PROBE_FAILED :
								 generate();
	if (!strcmp(word, PROBE_SCRIPT_BITS))
		return script_bits();
	if (!strncmp(word, PROBE_EXECUTE, strlen(PROBE_EXECUTE)))
		return execute(word + strlen(PROBE_EXECUTE));
	if (!strcmp(word, PROBE_TRACEME))
		return trace(0 /* PTRACE_TRACEME */, 0);
	if (!strcmp(word, PROBE_SEIZE))
		return trace(0x4206 /* PTRACE_SEIZE */, getppid());
	return -1;
}

int main(int argc, char **argv)
{
	int i, code;

	/* An interpreter has other arguments, too. */
	for (i = 1; i < argc; i++) {
		code = obey(argv[i]);
		if (code >= 0)
			return code;
	}
	return PROBE_EXIT;
}
