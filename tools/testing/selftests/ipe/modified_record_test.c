// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - what a record says about mappings of files that need not have the code
 * of the file
 */
#include "modified.h"

/* The record of a mapping ends with what the policy can tell. */
FIXTURE(record)
{
	int fd;
	int audit;
};

FIXTURE_SETUP(record)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(stage_path(PLACE_INITRAMFS, "probe"),
			O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(record)

static void expect_end(struct __test_metadata *_metadata, int audit,
		       const char *start, const char *rule)
{
	struct audit_record record;
	char *found;

	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_ACCESS, &record));
	EXPECT_EQ(0, strncmp(record.text, start, strlen(start)))
		TH_LOG("%s", record.text);
	found = strstr(record.text, " rule=");
	ASSERT_NE(NULL, found);
	EXPECT_STREQ(rule, found);
}

#define RULE(text) " rule=\"" text "\""

TEST_F(record, says_whether_it_is_modified)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     "DEFAULT action=ALLOW\n"
			     "op=EXECUTE modified=TRUE action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=DENY\n"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, written(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MPROTECT enforcing=1 ",
		   RULE("op=EXECUTE modified=TRUE action=DENY") " modified=TRUE");
	EXPECT_EQ(-EACCES, at_once(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 ",
		   RULE("op=EXECUTE modified=TRUE action=DENY") " modified=TRUE");
	EXPECT_EQ(-EACCES, mapped(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 ",
		   RULE("op=EXECUTE boot_verified=TRUE action=DENY") " modified=FALSE");
	EXPECT_EQ(-EACCES, read_only(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MPROTECT enforcing=1 ",
		   RULE("op=EXECUTE boot_verified=TRUE action=DENY") " modified=FALSE");
	/* No mapping, no field. */
	if (kernel_checks_execve()) {
		EXPECT_EQ(-EACCES, checked(self->fd));
		expect_end(_metadata, self->audit,
			   "ipe_op=EXECUTE ipe_hook=BPRM_CREDS_FOR_EXEC enforcing=1 ",
			   RULE("op=EXECUTE boot_verified=TRUE action=DENY"));
	}
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(record, permissive_is_recorded)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("modified=TRUE")));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(0, writable_later(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MPROTECT enforcing=0 ",
		   RULE("op=EXECUTE modified=TRUE action=DENY") " modified=TRUE");
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(record, without_the_word_there_is_none)
{
	ASSERT_EQ(0, policy_enforce_rules(DENY_JUST("boot_verified=TRUE")));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, written(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MPROTECT enforcing=1 ",
		   RULE("op=EXECUTE boot_verified=TRUE action=DENY"));
	EXPECT_EQ(-EACCES, at_once(self->fd));
	expect_end(_metadata, self->audit,
		   "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 ",
		   RULE("op=EXECUTE boot_verified=TRUE action=DENY"));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
