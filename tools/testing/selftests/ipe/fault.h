/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - failing allocations of the kernel, where a test wants them
 */
#ifndef IPE_SELFTEST_FAULT_H
#define IPE_SELFTEST_FAULT_H

#include <stdbool.h>

/*
 * Prepares the machine: from then on every allocation that a process makes can
 * be made to fail, also those that could wait for memory. Says why it cannot,
 * or NULL.
 */
const char *faults_prepare(void);

/* Lets the calling thread's nth allocation from now on fail, once. */
int fault_nth(unsigned int nth);

/* Lets all of the thread's small allocations fail, after this many bytes. */
int fault_after(unsigned int bytes);

/* Ends both; returns the number of allocations that have failed since. */
int fault_end(void);

/* kmemleak: whether the kernel has it, and forgets earlier reports. */
bool leaks_are_found(void);
int leaks_forget(void);
/* Prints its reports as comments; returns the number of lines, or an error. */
int leaks_print(void);

#endif /* IPE_SELFTEST_FAULT_H */
