/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - allocations of the kernel that fail where a test wants them to
 */
#ifndef IPE_SELFTEST_FAULT_H
#define IPE_SELFTEST_FAULT_H

#include <stdbool.h>

/*
 * Prepares the machine: after this every allocation that a process makes may be
 * failed, those that could wait for memory, too. Says why it cannot, or NULL.
 */
const char *faults_prepare(void);

/* The calling thread's nth allocation from now on fails, once. */
int fault_nth(unsigned int nth);

/* All of the thread's allocations of small objects fail, after so many bytes. */
int fault_after(unsigned int bytes);

/* Ends both; returns how many allocations have failed since. */
int fault_end(void);

/* What the kernel believes to be lost from now on. */
bool leaks_are_found(void);
int leaks_forget(void);
/* Prints them as comments; returns how many lines that were, or an error. */
int leaks_print(void);

#endif /* IPE_SELFTEST_FAULT_H */
