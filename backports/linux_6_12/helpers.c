// SPDX-License-Identifier: GPL-2.0-only
/*
 * Macros and inline functions of the kernel as functions that Rust can call.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>

#include "helpers.h"

void backport_rcu_read_lock(void)
{
	rcu_read_lock();
}

void backport_rcu_read_unlock(void)
{
	rcu_read_unlock();
}

struct file *backport_get_file(struct file *file)
{
	return get_file(file);
}

void backport_init_completion(struct completion *completion)
{
	init_completion(completion);
}

unsigned int backport_nr_cpu_ids(void)
{
	return nr_cpu_ids;
}

void backport_fsleep(unsigned long usecs)
{
	fsleep(usecs);
}
