/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - executions through an interpreter
 */
#ifndef IPE_SELFTEST_EXECUTION_H
#define IPE_SELFTEST_EXECUTION_H

#include <linux/limits.h>

#include "access.h"
#include "harness.h"
#include "interpreter.h"

/* A file that is executed, and whether the policy denies its interpreter. */
struct execution {
	char path[PATH_MAX];
	bool denied;
	/* The fields of a record that identify the interpreter. */
	char fields[PATH_MAX + 128];
	int audit;
};

static inline int execution_result(const struct execution *it)
{
	return it->denied ? -EACCES : 0;
}

/* The last step of a setup: the records that are read begin here. */
static inline void execution_watch(struct __test_metadata *_metadata,
				   struct execution *it)
{
	it->audit = audit_open();
	ASSERT_LE(0, it->audit);
}

/* A denied access has one record, an allowed one none. */
static inline void expect_enforced(struct __test_metadata *_metadata,
				   const struct execution *it)
{
	EXPECT_EQ(execution_result(it), try_execve(it->path));
	EXPECT_TRUE(is_only_denial(it->audit, it->denied, it->fields));
}

/*
 * With success_audit each decision has a record: expects this many about
 * interpreters, the last of them about this one. Returns the number of all.
 */
static inline struct questions
expect_recorded(struct __test_metadata *_metadata, const struct execution *it,
		int exec_open)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(execution_result(it), try_execve(it->path));
	ASSERT_EQ(0, questions_take(it->audit, &asked));
	EXPECT_EQ(exec_open, asked.exec_open);
	EXPECT_TRUE(is_about_interpreter(&asked.last, true, it->fields));
	return asked;
}

/* Permissive mode allows the execution, and records each denial. */
static inline struct questions
expect_permitted(struct __test_metadata *_metadata, const struct execution *it,
		 int exec_open)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_execve(it->path));
	ASSERT_EQ(0, questions_take(it->audit, &asked));
	EXPECT_EQ(exec_open, asked.exec_open);
	if (it->denied)
		EXPECT_TRUE(is_about_interpreter(&asked.last, false,
						 it->fields));
	return asked;
}

#endif /* IPE_SELFTEST_EXECUTION_H */
