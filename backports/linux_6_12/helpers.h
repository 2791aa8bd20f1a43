/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that C has as macros or inlines, and that the crates of this directory call.
 */
#ifndef _BACKPORT_HELPERS_H
#define _BACKPORT_HELPERS_H

#include <linux/completion.h>
#include <linux/fs.h>

void backport_rcu_read_lock(void);
void backport_rcu_read_unlock(void);
struct file *backport_get_file(struct file *file);
void backport_init_completion(struct completion *completion);
unsigned int backport_nr_cpu_ids(void);
void backport_fsleep(unsigned long usecs);

#endif /* _BACKPORT_HELPERS_H */
