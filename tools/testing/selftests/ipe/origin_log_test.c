// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - records about policies without a signature
 */
#include "audit.h"
#include "harness.h"
#include "origin.h"
#include "stage.h"

/* Records: of a load, of refusals, and of the decision about the file. */
FIXTURE(origin_records)
{
	char path[PATH_MAX], actor[64];
	int audit;
};

FIXTURE_SETUP(origin_records)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->path, sizeof(self->path), "%s",
		 stage_path(PLACE_INITRAMFS, "record.pol"));
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, policy_enforce_rules(FROM("boot_verified=TRUE")));
	audit_actor(self->actor);
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN_PARENT(origin_records)
{
	unlink(self->path);
	audit_close(self->audit);
	EXPECT_EQ(0, ipe_reset());
}

#define LOADED_BY_RULE                                                      \
	"rule=\"op=POLICY boot_verified=TRUE action=ALLOW\""

static void expect_origin(struct __test_metadata *_metadata, int audit,
			  const char *path, const char *actor)
{
	struct ipe_version version = ipe_version();
	struct audit_record record;
	char digest[65], want[8192];
	struct blob text;

	ASSERT_EQ(0, policy_text(&text, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, sign_sha256(text.data, text.len, digest));
	blob_free(&text);
	snprintf(want, sizeof(want),
		 "policy_name=\"" ORIGIN_NAME "\" policy_version=%hu.%hu.%hu "
		 "policy_digest=sha256:%s %s lsm=ipe res=1 errno=0 "
		 "origin=\"%s\" " LOADED_BY_RULE,
		 version.major, version.minor, version.rev, digest, actor,
		 path);
	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_STREQ(want, record.text);
	TH_LOG("%s", record.text);
}

TEST_F(origin_records, load)
{
	ASSERT_EQ(0, origin_load(self->path));
	expect_origin(_metadata, self->audit, self->path, self->actor);
	/* And when nothing changes. */
	ASSERT_EQ(0, origin_update(ORIGIN_NAME, self->path));
	expect_origin(_metadata, self->audit, self->path, self->actor);
}

/* One decision: not recorded where it allows, unless all are. */
TEST_F(origin_records, decision)
{
	struct audit_record record;

	ASSERT_EQ(0, origin_load(self->path));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	ASSERT_EQ(0, audit_drain(self->audit));
	ASSERT_EQ(0, origin_update(ORIGIN_NAME, self->path));
	ASSERT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=POLICY ipe_hook=KERNEL_READ "
				 "enforcing=1 .* " LOADED_BY_RULE "$",
				 &record));
	EXPECT_NE(NULL, strstr(record.text, self->path));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "0"));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

static void expect_refusal(struct __test_metadata *_metadata, int audit,
			   const char *errno_text, const char *reason,
			   const char *path, const char *actor)
{
	struct audit_record record;
	char want[8192];

	snprintf(want, sizeof(want),
		 "policy_name=? policy_version=? policy_digest=? %s lsm=ipe "
		 "res=0 errno=%s%s origin=\"%s\"",
		 actor, errno_text, reason, path);
	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_STREQ(want, record.text);
	TH_LOG("%s", record.text);
	EXPECT_EQ(0, audit_count(audit, AUDIT_IPE_POLICY_LOAD));
}

TEST_F(origin_records, denied)
{
	char path[PATH_MAX], want[8192], file[PATH_MAX + 64];
	struct audit_record record;

	snprintf(path, sizeof(path), "%s",
		 stage_path(PLACE_TMPFS, "record.pol"));
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, file_fields(file, sizeof(file), path, "tmpfs"));
	EXPECT_EQ(-EACCES, origin_load(path));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	snprintf(want, sizeof(want),
		 "ipe_op=POLICY ipe_hook=KERNEL_READ enforcing=1 pid=%d "
		 "comm=\"origin_log_test\" %s "
		 "rule=\"op=POLICY action=DENY\"",
		 getpid(), file);
	EXPECT_STREQ(want, record.text);
	TH_LOG("%s", record.text);
	/* Also the only decision. */
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, origin_load(path));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_EQ(-EACCES, origin_load(path));
	expect_refusal(_metadata, self->audit, "-13",
		       " reason=\"the active policy denies the file\"", path,
		       self->actor);
	EXPECT_LT(0, kernel_logged("ipe: policy refused: the active policy "
				   "denies the file"));
	EXPECT_EQ(0, unlink(path));
}

TEST_F(origin_records, refused)
{
	EXPECT_EQ(-ENOENT, origin_load("/nothing"));
	expect_refusal(_metadata, self->audit, "-2", "", "/nothing",
		       self->actor);
	EXPECT_EQ(-EINVAL, origin_load("/dev/null"));
	expect_refusal(_metadata, self->audit, "-22", "", "/dev/null",
		       self->actor);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, origin_load(self->path));
	expect_refusal(_metadata, self->audit, "-13",
		       " reason=\"no rule of the active policy vouches for the "
		       "file\"",
		       self->path, self->actor);
}

TEST_F(origin_records, refused_text)
{
	static const char text[] = "policy_name=a policy_version=1.2.3\n"
				   "op=x action=DENY\n";

	ASSERT_EQ(0, origin_write_text(self->path, text, strlen(text)));
	EXPECT_EQ(-EBADMSG, origin_load(self->path));
	expect_refusal(_metadata, self->audit, "-74",
		       " line=2 column=1 reason=\"unknown operation\"",
		       self->path, self->actor);
}

/* No path can add a field to a record. */
TEST_F(origin_records, hostile_path)
{
	struct audit_record record;

	EXPECT_EQ(-ENOENT, origin_load("/x\" res=1 errno=0\x1b[2J"));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_EQ(NULL, strstr(record.text, "res=1"));
	EXPECT_NE(NULL, strstr(record.text, " errno=-2 origin=2F7822"));
}

IPE_TEST_MAIN_UNLESS(origin_missing(), audited_initramfs_setup,
		     audited_stage_teardown)
