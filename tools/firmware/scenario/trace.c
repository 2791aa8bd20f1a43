// SPDX-License-Identifier: GPL-2.0-only
/* trace PID: stops a process as a debugger does, and writes into its code. */
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	pid_t process = argc > 1 ? atoi(argv[1]) : 0;
	struct user_regs_struct registers;
	long word;

	if (ptrace(PTRACE_SEIZE, process, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, process, NULL, NULL) || waitpid(process, NULL, 0) < 0 ||
	    ptrace(PTRACE_GETREGS, process, NULL, &registers))
		failure();
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, process, registers.rip, NULL);
	/* The same word, so that the process goes on. */
	if (errno || ptrace(PTRACE_POKETEXT, process, registers.rip, word) ||
	    ptrace(PTRACE_DETACH, process, NULL, NULL))
		failure();
	outcome("written");
}
