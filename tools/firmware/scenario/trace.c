// SPDX-License-Identifier: GPL-2.0-only
/* trace PID: stops a process as a debugger does, and writes into its code. */
#include <linux/elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "outcome.h"

/* The address of the next instruction. */
#ifdef __aarch64__
#define NEXT(registers) ((registers).pc)
#else
#define NEXT(registers) ((registers).rip)
#endif

int main(int argc, char **argv)
{
	pid_t process = argc > 1 ? atoi(argv[1]) : 0;
	struct user_regs_struct registers;
	struct iovec all = { &registers, sizeof(registers) };
	long word;

	if (ptrace(PTRACE_SEIZE, process, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, process, NULL, NULL) || waitpid(process, NULL, 0) < 0 ||
	    ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &all))
		failure();
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, process, NEXT(registers), NULL);
	/* The same word, so that the process goes on. */
	if (errno || ptrace(PTRACE_POKETEXT, process, NEXT(registers), word) ||
	    ptrace(PTRACE_DETACH, process, NULL, NULL))
		failure();
	outcome("written");
}
