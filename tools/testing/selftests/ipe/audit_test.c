// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - audit records of decisions: when they are written, and their
 * exact text
 */
#include <ctype.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "access.h"
#include "audit_fixture.h"
#include "stage.h"

/* Rules, and how a record shows them. */
FIXTURE(access)
{
	int audit;
	int fd;
	char path[PATH_MAX];
	char file[PATH_MAX + 128];
	char rule[1024];
};

FIXTURE_VARIANT(access)
{
	const char *rules;
	/* As the record shows it. */
	const char *rule;
	bool allowed;
};

#define ACCESS(id, text, shown, result)                                     \
	FIXTURE_VARIANT_ADD(access, id)                                     \
	{                                                                   \
		.rules = text, .rule = shown, .allowed = result,            \
	}

/* clang-format off */
ACCESS(global_default, DENY, "DEFAULT action=DENY", false);
ACCESS(global_default_allow, ALLOW, "DEFAULT action=ALLOW", true);
ACCESS(operation_default, ALLOW "DEFAULT op=EXECUTE action=DENY\n", "DEFAULT op=EXECUTE action=DENY", false);
ACCESS(operation_default_allow, DENY "DEFAULT op=EXECUTE action=ALLOW\n", "DEFAULT op=EXECUTE action=ALLOW", true);
ACCESS(no_property, ALLOW "op=EXECUTE action=DENY\n", "op=EXECUTE action=DENY", false);
ACCESS(no_property_allow, DENY "op=EXECUTE action=ALLOW\n", "op=EXECUTE action=ALLOW", true);
ACCESS(not_boot, ALLOW "op=EXECUTE boot_verified=FALSE action=DENY\n", "op=EXECUTE boot_verified=FALSE action=DENY", false);
ACCESS(not_dmv, ALLOW "op=EXECUTE dmverity_signature=FALSE action=DENY\n", "op=EXECUTE dmverity_signature=FALSE action=DENY", false);
ACCESS(signed_fsv, DENY "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n", "op=EXECUTE fsverity_signature=TRUE action=ALLOW", true);
ACCESS(digest, ALLOW "op=EXECUTE fsverity_digest=$fsv action=DENY\n", "op=EXECUTE fsverity_digest=\"sha256\":$DIGEST action=DENY", false);
ACCESS(several, ALLOW "op=EXECUTE fsverity_signature=TRUE boot_verified=FALSE fsverity_digest=$fsv dmverity_signature=FALSE action=DENY\n", "op=EXECUTE fsverity_signature=TRUE boot_verified=FALSE fsverity_digest=\"sha256\":$DIGEST dmverity_signature=FALSE action=DENY", false);
ACCESS(blanks_and_comment, ALLOW "  op=EXECUTE \t boot_verified=FALSE\t\taction=DENY   # why\r\n", "op=EXECUTE boot_verified=FALSE action=DENY", false);
ACCESS(second_of_two, ALLOW "op=EXECUTE boot_verified=TRUE action=DENY\nop=EXECUTE boot_verified=FALSE action=DENY\n", "op=EXECUTE boot_verified=FALSE action=DENY", false);
ACCESS(same_property_twice, ALLOW "op=EXECUTE boot_verified=FALSE boot_verified=FALSE action=DENY\n", "op=EXECUTE boot_verified=FALSE boot_verified=FALSE action=DENY", false);
/* clang-format on */

/* Replaces $DIGEST by the digits of the probe's digest, in upper case. */
static void expand_digest(char *to, size_t size, const char *from)
{
	char digest[512], *at;
	const char *mark = strstr(from, "$DIGEST");

	if (!mark) {
		snprintf(to, size, "%s", from);
		return;
	}
	stage_rules(digest, sizeof(digest), "$fsv");
	for (at = digest; *at; at++)
		*at = toupper(*at);
	snprintf(to, size, "%.*s%s%s", (int)(mark - from), from,
		 strchr(digest, ':') + 1, mark + strlen("$DIGEST"));
}

FIXTURE_SETUP(access)
{
	const enum place place = PLACE_FSV_SIGNED;

	NEEDS_PLACE(place);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->path, sizeof(self->path), "%s",
		 stage_path(place, "probe"));
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, file_fields(self->file, sizeof(self->file), self->path,
				 stage_device(place)));
	expand_digest(self->rule, sizeof(self->rule), variant->rule);
	ASSERT_EQ(0, stage_enforce(variant->rules));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "some program"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(access)

/* The fields of records about memory: this program's, which is in the initramfs. */
static const char *own_program(void)
{
	static char fields[128];
	struct stat st;

	if (stage_missing(PLACE_INITRAMFS) || stat("/proc/self/exe", &st))
		return " exe_dev=? exe_ino=?";
	snprintf(fields, sizeof(fields),
		 " exe_dev=\"rootfs\" exe_ino=%lu exe_boot_verified=TRUE",
		 (unsigned long)st.st_ino);
	return fields;
}

#define NO_FILE "path=? dev=? ino=?"

/*
 * One record if the access was denied, one if everything is recorded. Its text
 * is known except for the process.
 */
static void expect_access(struct __test_metadata *_metadata, int audit,
			  const char *hook, bool enforcing, const char *file,
			  const char *rule, pid_t pid, const char *comm)
{
	struct audit_record record;
	char want[8192];
	const char *at;

	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_ACCESS, &record));
	if (!pid) {
		/* The process was a child that has ended. */
		at = strstr(record.text, " pid=");
		ASSERT_NE(NULL, at);
		pid = atoi(at + 5);
	}
	snprintf(want, sizeof(want),
		 "ipe_op=EXECUTE ipe_hook=%s enforcing=%d pid=%d comm=%s %s "
		 "rule=\"%s\"%s",
		 hook, enforcing, pid, comm, file, rule,
		 strcmp(file, NO_FILE) ? "" : own_program());
	EXPECT_RECORD(want, record);
}

/* The name has a space, so records show it in hexadecimal. */
#define COMM_HEX "736F6D652070726F6772616D"

TEST_F(access, mmap)
{
	EXPECT_EQ(variant->allowed ? 0 : -EACCES,
		  try_mmap(self->fd, MAP_PRIVATE));
	if (!variant->allowed)
		expect_access(_metadata, self->audit, "MMAP", true, self->file,
			      self->rule, getpid(), COMM_HEX);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(access, mprotect)
{
	EXPECT_EQ(variant->allowed ? 0 : -EACCES, try_mprotect(self->fd));
	if (!variant->allowed)
		expect_access(_metadata, self->audit, "MPROTECT", true,
			      self->file, self->rule, getpid(), COMM_HEX);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(access, bprm_check)
{
	EXPECT_EQ(variant->allowed ? 0 : -EACCES, try_execve(self->path));
	if (!variant->allowed)
		expect_access(_metadata, self->audit, "BPRM_CHECK", true,
			      self->file, self->rule, 0, COMM_HEX);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(access, bprm_creds_for_exec)
{
	NEEDS_EXECVE_CHECK();
	EXPECT_EQ(variant->allowed ? 0 : -EACCES, try_execve_check(self->fd));
	if (!variant->allowed)
		expect_access(_metadata, self->audit, "BPRM_CREDS_FOR_EXEC",
			      true, self->file, self->rule, getpid(),
			      COMM_HEX);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* In permissive mode the record differs only in the mode. */
TEST_F(access, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	if (!variant->allowed)
		expect_access(_metadata, self->audit, "MMAP", false, self->file,
			      self->rule, getpid(), COMM_HEX);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* With success_audit, allowed accesses are recorded as well. */
TEST_F(access, success_audit)
{
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(variant->allowed ? 0 : -EACCES,
		  try_mmap(self->fd, MAP_PRIVATE));
	expect_access(_metadata, self->audit, "MMAP", true, self->file,
		      self->rule, getpid(), COMM_HEX);
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "0"));
	EXPECT_EQ(variant->allowed ? 0 : -EACCES,
		  try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(!variant->allowed,
		  audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* The device in the record, for each place of a file. */
FIXTURE(device)
{
	int audit;
};

FIXTURE_VARIANT(device)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(device, initramfs) { PLACE_INITRAMFS };
FIXTURE_VARIANT_ADD(device, tmpfs) { PLACE_TMPFS };
FIXTURE_VARIANT_ADD(device, ext4) { PLACE_EXT4 };
FIXTURE_VARIANT_ADD(device, dmv) { PLACE_DMV };
FIXTURE_VARIANT_ADD(device, dmv_signed) { PLACE_DMV_SIGNED };

FIXTURE_SETUP(device)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "program"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(device)

TEST_F(device, shown)
{
	const char *path = stage_path(variant->place, "probe");
	char file[PATH_MAX + 128];

	ASSERT_EQ(0, file_fields(file, sizeof(file), path,
				 stage_device(variant->place)));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
	expect_access(_metadata, self->audit, "MMAP", true, file,
		      "DEFAULT action=DENY", getpid(), "\"program\"");
}

/* For a file on an overlay, the record shows the file that the program sees. */
FIXTURE_VARIANT_ADD(device, overlay_dmv) { PLACE_OVERLAY_DMV };
FIXTURE_VARIANT_ADD(device, overlay_fsv) { PLACE_OVERLAY_FSV };
FIXTURE_VARIANT_ADD(device, overlay_upper) { PLACE_OVERLAY_UPPER };

TEST_F(records, anonymous)
{
	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "program"));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
	expect_access(_metadata, self->audit, "MMAP", true,
		      NO_FILE, "DEFAULT action=DENY", getpid(),
		      "\"program\"");
	EXPECT_EQ(-EACCES, try_mprotect_anonymous());
	expect_access(_metadata, self->audit, "MPROTECT", true,
		      NO_FILE, "DEFAULT action=DENY", getpid(),
		      "\"program\"");
}

/* The record of a denial belongs to the event of its system call. */
TEST_F(records, system_call)
{
	struct audit_record access, call;
	char want[64];

	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &access));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_SYSCALL, &call));
	EXPECT_EQ(access.serial, call.serial);
	snprintf(want, sizeof(want), " syscall=%d success=no exit=-13 ",
		 SYS_mmap);
	EXPECT_NE(NULL, strstr(call.text, want))
	{
		TH_LOG("%s", call.text);
	}
}

/* A denied program has one record. */
TEST_F(records, denied_execution)
{
	ASSERT_EQ(0, stage_enforce(DENY));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* In permissive mode the program runs, and its mappings are judged as well. */
TEST_F(records, permissive_execution)
{
	struct audit_record record;

	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_TMPFS, "probe")));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	EXPECT_NE(NULL, strstr(record.text, " ipe_hook=BPRM_CHECK "));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	EXPECT_NE(NULL, strstr(record.text, " ipe_hook=MMAP "));
}

/* Text that could pass for another field is written in hexadecimal. */
TEST_F(records, hostile_comm)
{
	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "x\" pid=1\n"));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
	expect_access(_metadata, self->audit, "MMAP", true,
		      NO_FILE, "DEFAULT action=DENY", getpid(),
		      "7822207069643D310A");
}

TEST_F(records, hostile_path)
{
	static const char name[] = "x\" dev=\"sda\n\x1b[2J";
	char path[PATH_MAX], file[3 * PATH_MAX] = "path=", *to;
	const char *at;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", stage_dir(), name);
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755));
	ASSERT_EQ(0, stat(path, &st));
	to = file + strlen(file);
	for (at = path; *at; at++)
		to += sprintf(to, "%02X", (unsigned char)*at);
	sprintf(to, " dev=\"tmpfs\" ino=%lu", (unsigned long)st.st_ino);

	ASSERT_EQ(0, stage_enforce(DENY));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "program"));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
	expect_access(_metadata, self->audit, "MMAP", true, file,
		      "DEFAULT action=DENY", getpid(), "\"program\"");
	EXPECT_EQ(0, unlink(path));
}

/* A file without a name: the text in place of its path has a space. */
TEST_F(records, memfd)
{
	struct audit_record record;
	int fd = subject_memfd();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_enforce(DENY));
	EXPECT_EQ(-EACCES, try_mmap(fd, MAP_PRIVATE));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	/* "/memfd:ipe-test (deleted)" */
	EXPECT_NE(NULL, strstr(record.text,
			       " path=2F6D656D66643A6970652D74657374202864656C"
			       "6574656429 dev=\"tmpfs\" ino="))
	{
		TH_LOG("%s", record.text);
	}
	EXPECT_EQ(0, close(fd));
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
