/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of the module.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ipe

#if !defined(_RUST_LSM_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _RUST_LSM_TRACEPOINTS_H

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/tracepoint.h>

/* While somebody traces, there is a request: see helpers.h. */
int rust_lsm_trace_begin(void);
void rust_lsm_trace_end(void);

/*
 * A decision about an object, which may have no inode. The names come from Rust, which
 * ends no string with NUL.
 */
TRACE_EVENT_FN(decision,
	TP_PROTO(const char *op, size_t op_len, const char *hook,
		 size_t hook_len, bool allowed, int rule,
		 const struct inode *inode),
	TP_ARGS(op, op_len, hook, hook_len, allowed, rule, inode),
	TP_STRUCT__entry(
		__string_len(op, op, op_len)
		__string_len(hook, hook, hook_len)
		__field(bool, allowed)
		__field(int, rule)
		__field(dev_t, dev)
		__field(u64, ino)
	),
	TP_fast_assign(
		__assign_str(op);
		__assign_str(hook);
		__entry->allowed = allowed;
		__entry->rule = rule;
		__entry->dev = inode ? inode->i_sb->s_dev : 0;
		__entry->ino = inode ? inode->i_ino : 0;
	),
	TP_printk("op=%s hook=%s action=%s rule=%d dev=%u:%u ino=%llu",
		  __get_str(op), __get_str(hook),
		  __entry->allowed ? "ALLOW" : "DENY", __entry->rule,
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino),

	rust_lsm_trace_begin, rust_lsm_trace_end
);

#endif /* _RUST_LSM_TRACEPOINTS_H */

/* To be read again, by the code that CREATE_TRACE_POINTS asks for. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>
