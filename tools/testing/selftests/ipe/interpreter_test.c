// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the interpreter of an ELF program is judged when the kernel opens
 * it
 *
 * Its mappings are judged as well, but its headers shape the address space
 * without mapping the file.
 */
#include <grp.h>
#include <linux/fsverity.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "execution.h"
#include "stage.h"

#define ROOM 512
#define NOBODY 65534

/* The program that has an interpreter. */
static char program[PATH_MAX];

static const char *setup(void)
{
	const char *reason = stage_setup();

	if (reason)
		return reason;
	test_path(program, sizeof(program), "interpreted");
	return NULL;
}

static void teardown(void)
{
	interpreter_unset();
	stage_teardown();
}

static int enforce(const char *rules)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s%s", TRUST_INITRAMFS, rules);
	return stage_enforce(text);
}

/* The last steps of the fixtures with the program "interpreted". */
static void enforce_and_watch(struct __test_metadata *_metadata,
			      struct execution *it, const char *interpreter,
			      const char *rules)
{
	snprintf(it->path, sizeof(it->path), "%s", program);
	ASSERT_EQ(0, interpreter_set(interpreter));
	ASSERT_EQ(0, enforce(rules));
	execution_watch(_metadata, it);
}

/* The fields of a record that identify the program of the place. */
static int place_fields(char *to, size_t size, enum place place)
{
	const char *path = stage_path(place, "probe");

	switch (place) {
	case PLACE_MEMFD:
		snprintf(to, size, " dev=\"tmpfs\" ");
		return 0;
	case PLACE_OVERLAY_UPPER:
	case PLACE_OVERLAY_DMV:
	case PLACE_OVERLAY_FSV:
		/* stat(2) shows the number of the layer's inode. */
		snprintf(to, size, "path=\"%s\" dev=\"overlay\" ", path);
		return 0;
	default:
		return file_fields(to, size, path, stage_device(place));
	}
}

/* The interpreter of an ELF program, in each place. */
FIXTURE(place)
{
	struct execution execution;
};

FIXTURE_VARIANT(place)
{
	enum place place;
	/* Rules beside the one that trusts the program. */
	const char *rule;
	bool denied;
	/* On an overlay, the headers may be those of another file by then. */
	bool asked_twice;
};

#define PLACE(id, where, text, no, twice)                                   \
	FIXTURE_VARIANT_ADD(place, id)                                      \
	{                                                                   \
		.place = where, .rule = text, .denied = no,                 \
		.asked_twice = twice,                                       \
	}

/* clang-format off */
PLACE(initramfs, PLACE_INITRAMFS, "", false, false);
PLACE(tmpfs, PLACE_TMPFS, "", true, false);
PLACE(memfd, PLACE_MEMFD, "", true, false);
PLACE(ext4, PLACE_EXT4, "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n", true, false);
PLACE(fsv, PLACE_FSV, "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false, false);
PLACE(fsv_wrong, PLACE_FSV, "op=EXECUTE fsverity_digest=$wrong action=ALLOW\n", true, false);
PLACE(fsv_sha512, PLACE_FSV_SHA512, "op=EXECUTE fsverity_digest=$fsv512 action=ALLOW\n", false, false);
PLACE(fsv_signed, PLACE_FSV_SIGNED, "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n", false, false);
PLACE(fsv_not_signed, PLACE_FSV, "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n", true, false);
PLACE(dmv, PLACE_DMV, "op=EXECUTE dmverity_roothash=$dmv action=ALLOW\n", false, false);
PLACE(dmv_not_signed, PLACE_DMV, "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n", true, false);
PLACE(dmv_signed, PLACE_DMV_SIGNED, "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n", false, false);
PLACE(overlay_dmv, PLACE_OVERLAY_DMV, "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n", false, true);
PLACE(overlay_upper, PLACE_OVERLAY_UPPER, "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n", true, true);
PLACE(overlay_fsv, PLACE_OVERLAY_FSV, "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false, true);
/* clang-format on */

FIXTURE_SETUP(place)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->execution.denied = variant->denied;
	ASSERT_EQ(0, place_fields(self->execution.fields,
				  sizeof(self->execution.fields),
				  variant->place));
	enforce_and_watch(_metadata, &self->execution,
			  stage_path(variant->place, "probe"), variant->rule);
}

RESET_AFTER(place)

TEST_F(place, enforced)
{
	expect_enforced(_metadata, &self->execution);
}

TEST_F(place, success_audit)
{
	const bool twice = variant->asked_twice && !variant->denied;
	const struct questions asked =
		expect_recorded(_metadata, &self->execution, 1 + twice);

	/* The program itself. */
	EXPECT_EQ(1, asked.bprm_check);
}

TEST_F(place, permissive)
{
	expect_permitted(_metadata, &self->execution,
			 variant->denied ? 1 + variant->asked_twice : 0);
}

/*
 * The kernel learns the digest of a file with fs-verity when the file is first
 * opened. Here the execution opens it first.
 */
FIXTURE(fresh)
{
	struct execution execution;
	char loop[32];
	/* The interpreter, and its place. */
	char ext4[ROOM], overlay[ROOM], path[ROOM];
};

FIXTURE_VARIANT(fresh)
{
	const char *rule;
	bool with_signature, denied, on_overlay;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(fresh, digest) { "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false, false, false };
FIXTURE_VARIANT_ADD(fresh, wrong_digest) { "op=EXECUTE fsverity_digest=$wrong action=ALLOW\n", false, true, false };
FIXTURE_VARIANT_ADD(fresh, signature) { "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n", true, false, false };
FIXTURE_VARIANT_ADD(fresh, no_signature) { "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n", false, true, false };
FIXTURE_VARIANT_ADD(fresh, overlay) { "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false, false, true };
FIXTURE_VARIANT_ADD(fresh, overlay_wrong_digest) { "op=EXECUTE fsverity_digest=$wrong action=ALLOW\n", false, true, true };
/* clang-format on */

/* A file system with "probe" under fs-verity, freshly mounted. */
static int mount_fresh(FIXTURE_DATA(fresh) *self, bool with_signature)
{
	char image[PATH_MAX], copy[ROOM];
	struct blob signature = {};
	int err;

	snprintf(copy, sizeof(copy), "%s/fresh-%d.img", stage_dir(),
		 getpid());
	err = copy_file(test_path(image, sizeof(image), "images/ext4.img"),
			copy, 0600) ?:
	      loop_open(copy, false, self->loop);
	if (err)
		return err;
	if (mkdir(self->ext4, 0755) ||
	    mount(self->loop, self->ext4, "ext4", 0, NULL))
		return -errno;
	if (with_signature)
		err = fsverity_sign(stage_path(PLACE_FSV, "probe"),
				    &signature);
	err = err ?: fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     with_signature ? &signature : NULL);
	blob_free(&signature);
	if (err)
		return err;
	if (umount2(self->ext4, 0) ||
	    mount(self->loop, self->ext4, "ext4", 0, NULL))
		return -errno;
	return 0;
}

FIXTURE_SETUP(fresh)
{
	struct execution *const it = &self->execution;
	char name[64];

	NEEDS_PLACE(PLACE_INITRAMFS);
	NEEDS_PLACE(PLACE_FSV_SIGNED);
	ASSERT_EQ(0, ipe_reset());
	it->denied = variant->denied;
	snprintf(self->ext4, sizeof(self->ext4), "%s/fresh-%d", stage_dir(),
		 getpid());
	snprintf(self->path, sizeof(self->path), "%s/fresh-%d/probe",
		 stage_dir(), getpid());
	ASSERT_EQ(0, mount_fresh(self, variant->with_signature));
	if (variant->on_overlay) {
		snprintf(name, sizeof(name), "over-%d", getpid());
		snprintf(self->overlay, ROOM, "%s/%s", stage_dir(), name);
		snprintf(self->path, ROOM, "%s/%s/probe", stage_dir(), name);
		ASSERT_EQ(0, stage_overlay(name, self->ext4));
		snprintf(it->fields, sizeof(it->fields),
			 "path=\"%s\" dev=\"overlay\" ", self->path);
	} else {
		ASSERT_EQ(0, file_fields(it->fields, sizeof(it->fields),
					 self->path,
					 self->loop + strlen("/dev/")));
	}
	enforce_and_watch(_metadata, it, self->path, variant->rule);
}

FIXTURE_TEARDOWN_PARENT(fresh)
{
	if (self->overlay[0])
		EXPECT_EQ(0, umount2(self->overlay, 0));
	if (self->loop[0]) {
		EXPECT_EQ(0, umount2(self->ext4, 0));
		EXPECT_EQ(0, loop_close(self->loop));
	}
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(fresh, enforced)
{
	expect_enforced(_metadata, &self->execution);
	/* From now on the digest is known. */
	expect_enforced(_metadata, &self->execution);
}

TEST_F(fresh, success_audit)
{
	expect_recorded(_metadata, &self->execution,
			1 + (variant->on_overlay && !variant->denied));
}

/*
 * An interpreter on an overlay that is copied up after it was opened and before
 * its headers are read. In between, the execution waits for a lease to end.
 */
FIXTURE(copied_up)
{
	int audit;
	char overlay[ROOM], path[ROOM];
	char fields[PATH_MAX + 128];
};

FIXTURE_VARIANT(copied_up)
{
	bool copied;
};

FIXTURE_VARIANT_ADD(copied_up, meanwhile) { true };
FIXTURE_VARIANT_ADD(copied_up, never) { false };

FIXTURE_SETUP(copied_up)
{
	char name[64];

	NEEDS_PLACE(PLACE_INITRAMFS);
	NEEDS_PLACE(PLACE_OVERLAY_DMV);
	ASSERT_EQ(0, ipe_reset());
	snprintf(name, sizeof(name), "up-%d", getpid());
	snprintf(self->overlay, ROOM, "%s/%s", stage_dir(), name);
	snprintf(self->path, ROOM, "%s/%s/probe", stage_dir(), name);
	ASSERT_EQ(0, stage_overlay(name, stage_path(PLACE_DMV_SIGNED, "")));
	snprintf(self->fields, sizeof(self->fields),
		 "path=\"%s\" dev=\"overlay\" ", self->path);
	ASSERT_EQ(0, interpreter_set(self->path));
	ASSERT_EQ(0, enforce("op=EXECUTE dmverity_signature=TRUE action=ALLOW\n"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN_PARENT(copied_up)
{
	if (self->overlay[0])
		umount2(self->overlay, 0);
	EXPECT_EQ(0, ipe_reset());
}

static void *execute(void *code)
{
	*(int *)code = try_execve(program);
	return NULL;
}

TEST_F(copied_up, is_judged_again)
{
	const struct timespec patience = { .tv_sec = 20 };
	int code = -EINPROGRESS, lease;
	pthread_t thread;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGIO);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &signals, NULL));
	lease = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, lease);
	ASSERT_EQ(0, fcntl(lease, F_SETLEASE, F_WRLCK));
	ASSERT_EQ(0, pthread_create(&thread, NULL, execute, &code));
	/* The interpreter is being opened. */
	EXPECT_EQ(SIGIO, sigtimedwait(&signals, NULL, &patience));
	if (variant->copied)
		EXPECT_EQ(0, chmod(self->path, 0700));
	EXPECT_EQ(0, fcntl(lease, F_SETLEASE, F_UNLCK));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(variant->copied ? -EACCES : 0, code);
	EXPECT_TRUE(is_only_denial(self->audit, variant->copied, self->fields));
	EXPECT_EQ(0, close(lease));
}

/*
 * A user without privileges, who may write only to tmpfs, gives a trusted
 * program an interpreter that consists of headers only.
 */
struct attacker {
	char root[ROOM];
	char forged[ROOM];
	char misc[ROOM];
};

FIXTURE(attack)
{
	int audit;
	int program;
	struct attacker attacker;
	char fields[128];
};

FIXTURE_VARIANT(attack)
{
	int (*prepare)(void *attacker);
};

/* Every user has all capabilities in their own user namespace. */
static int become_user(int namespaces)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) ||
	    prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | namespaces))
		return -errno;
	return 0;
}

/* A root directory in which the interpreter's path leads to another file. */
static int by_chroot(void *argument)
{
	struct attacker *attacker = argument;
	int err = become_user(0);

	if (err)
		return err;
	return chroot(attacker->root) || chdir("/") ? -errno : 0;
}

/* A bind mount over the interpreter. */
static int by_bind_mount(void *argument)
{
	struct attacker *attacker = argument;
	int err = become_user(CLONE_NEWNS);

	if (err)
		return err;
	return mount(attacker->forged, INTERPRETER_PATH, NULL, MS_BIND, NULL) ?
		       -errno :
		       0;
}

/* A format whose interpreter replaces that of every ELF program. */
static int by_binfmt_misc(void *argument)
{
	struct attacker *attacker = argument;
	char map[32];
	int err = become_user(CLONE_NEWNS);

	if (err)
		return err;
	snprintf(map, sizeof(map), "0 %d 1\n", NOBODY);
	return write_string("/proc/self/setgroups", "deny") ?:
	       write_string("/proc/self/uid_map", map) ?:
	       write_string("/proc/self/gid_map", map) ?:
	       misc_mount(attacker->misc) ?:
	       misc_register(attacker->misc, "ipe-attack", MISC_ALL_ELF,
			     attacker->forged, "L");
}

FIXTURE_VARIANT_ADD(attack, chroot) { by_chroot };
FIXTURE_VARIANT_ADD(attack, bind_mount) { by_bind_mount };
FIXTURE_VARIANT_ADD(attack, binfmt_misc) { by_binfmt_misc };

FIXTURE_SETUP(attack)
{
	struct attacker *attacker = &self->attacker;
	char path[2 * ROOM];
	struct stat st;

	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	snprintf(attacker->root, ROOM, "%s/root-%d", stage_dir(), getpid());
	snprintf(attacker->misc, ROOM, "%s/root-%d/misc", stage_dir(),
		 getpid());
	snprintf(attacker->forged, ROOM, "%s/root-%d%s", stage_dir(),
		 getpid(), INTERPRETER_PATH);
	snprintf(path, sizeof(path), "%s/tmp", attacker->root);
	ASSERT_EQ(0, mkdir(attacker->root, 0755));
	ASSERT_EQ(0, mkdir(attacker->misc, 0755));
	ASSERT_EQ(0, mkdir(path, 0755));
	if (variant->prepare == by_binfmt_misc &&
	    !misc_knows(attacker->misc, "L"))
		SKIP(return, "no binfmt_misc with the flag L");
	ASSERT_EQ(0, interpreter_forge(attacker->forged, program));
	ASSERT_EQ(0, stat(attacker->forged, &st));
	snprintf(self->fields, sizeof(self->fields), " dev=\"tmpfs\" ino=%lu ",
		 (unsigned long)st.st_ino);
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_INITRAMFS, "probe")));
	self->program = open(program, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->program);
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(attack)

#define ATTACK()                                                            \
	program_ran(run_program(self->program, "", AT_EMPTY_PATH,           \
				variant->prepare, &self->attacker))

/* The control: if everything is allowed, the attack works. */
TEST_F(attack, succeeds_where_all_is_allowed)
{
	EXPECT_EQ(0, ATTACK());
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(attack, fails)
{
	ASSERT_EQ(0, enforce(""));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, ATTACK());
	EXPECT_TRUE(is_only_denial(self->audit, true, self->fields));
}

TEST_F(attack, is_recorded_in_permissive_mode)
{
	struct questions asked;

	ASSERT_EQ(0, enforce(""));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(0, ATTACK());
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(1, asked.exec_open);
	EXPECT_TRUE(is_about_interpreter(&asked.last, false, self->fields));
}

/* Files opened for other reasons, and programs without an interpreter. */
FIXTURE(other)
{
	int audit;
};

FIXTURE_SETUP(other)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_TMPFS, "probe")));
	ASSERT_EQ(0, enforce(""));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(other)

TEST_F(other, reading)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	char data[64];
	int fd;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_LT(0, read_file(path, data, sizeof(data)));
	fd = open(path, O_PATH | O_CLOEXEC);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* The answer is about the file alone: the kernel opens no interpreter for it. */
TEST_F(other, execve_check)
{
	struct audit_record record;
	char script[PATH_MAX], name[64];

	NEEDS_EXECVE_CHECK();
	snprintf(name, sizeof(name), "script-%d", getpid());
	test_path(script, sizeof(script), name);
	ASSERT_EQ(0, write_script(script, stage_path(PLACE_TMPFS, "probe")));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(0, try_execve_check_path(program));
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "ipe_hook=BPRM_CREDS_FOR_EXEC ", &record));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_EQ(0, try_execve_check_path(script));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_EQ(0, unlink(script));
}

/* A program without an interpreter is judged once. */
TEST_F(other, static_program)
{
	struct questions asked;

	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(1, asked.all);
	EXPECT_EQ(1, asked.bprm_check);

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(0, asked.exec_open);
	EXPECT_EQ(1, asked.bprm_check);
}

IPE_TEST_MAIN(setup, teardown)
