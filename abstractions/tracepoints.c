// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code and the data of the tracepoints, and their functions for Rust.
 */
#include "helpers.h"

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

int rust_lsm_trace_begin(void)
{
	rust_lsm_begin_request();
	return 0;
}

void rust_lsm_trace_end(void)
{
	rust_lsm_end_request();
}

void rust_lsm_trace_decision(const char *op, size_t op_len, const char *hook,
			     size_t hook_len, bool allowed, int rule,
			     const struct inode *inode)
{
	trace_decision(op, op_len, hook, hook_len, allowed, rule, inode);
}
