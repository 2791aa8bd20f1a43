// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - which program a task runs: how it keeps that, and cannot pretend to run
 * another one
 */
#include <linux/keyctl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "generate.h"
#include "harness.h"
#include "interpreter.h"
#include "stage.h"

/*
 * The program keeps its properties in whatever becomes of its credentials. These
 * tests are in the initramfs themselves.
 */
FIXTURE(identity)
{
	int expected;
};

FIXTURE_VARIANT(identity)
{
	const char *rules;
	int expected;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(identity, allowed) { ALLOW_PROGRAM("exe_boot_verified=TRUE"), 0 };
FIXTURE_VARIANT_ADD(identity, denied) { DENY_PROGRAM("exe_boot_verified=TRUE"), -EACCES };
FIXTURE_VARIANT_ADD(identity, others_allowed) { ALLOW_PROGRAM("exe_boot_verified=FALSE"), -EACCES };
FIXTURE_VARIANT_ADD(identity, others_denied) { DENY_PROGRAM("exe_boot_verified=FALSE"), 0 };
/* clang-format on */

FIXTURE_SETUP(identity)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(variant->rules));
}

RESET_AFTER(identity)

TEST_F(identity, itself)
{
	EXPECT_EQ(variant->expected, try_mmap_anonymous());
	EXPECT_EQ(variant->expected, try_mprotect_anonymous());
}

/* Tells the result of the child, which is 0 or -EACCES. */
static int result_of(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(identity, fork)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(-try_mmap_anonymous());
	EXPECT_EQ(variant->expected, result_of(child));
}

TEST_F(identity, vfork)
{
	pid_t child = vfork();

	if (!child)
		_exit(-try_mmap_anonymous());
	ASSERT_LE(0, child);
	EXPECT_EQ(variant->expected, result_of(child));
}

static void *map_in_thread(void *unused)
{
	(void)unused;
	return (void *)(long)try_mmap_anonymous();
}

TEST_F(identity, thread)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, map_in_thread, NULL));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(variant->expected, (long)result);
}

TEST_F(identity, another_user)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(errno);
		_exit(-try_mmap_anonymous());
	}
	EXPECT_EQ(variant->expected, result_of(child));
}

/* Has a child give this process a new session keyring, in credentials made blank. */
static int receive_keyring(void)
{
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child) {
		if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
		    syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT))
			_exit(errno);
		_exit(0);
	}
	return result_of(child);
}

TEST_F(identity, credentials_of_a_child)
{
	pid_t child = fork();
	int err;

	ASSERT_LE(0, child);
	if (!child) {
		err = receive_keyring();
		_exit(err ? ENOKEY : -try_mmap_anonymous());
	}
	EXPECT_EQ(variant->expected, result_of(child));
}

/* A question about an execution changes nothing. */
TEST_F(identity, execution_is_checked)
{
	NEEDS_EXECVE_CHECK();
	EXPECT_EQ(0, try_execve_check_path(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(variant->expected, try_mmap_anonymous());
}

/* Which file's properties count, where an execution involves two. */
FIXTURE(file)
{
	char path[PATH_MAX];
};

FIXTURE_SETUP(file)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->path, sizeof(self->path), "%s/file-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_PROGRAM("exe_boot_verified=TRUE")));
}

FIXTURE_TEARDOWN_PARENT(file)
{
	interpreter_unset();
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(file, descriptor)
{
	int fd = open(stage_path(PLACE_INITRAMFS, "probe"), O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(GENERATES,
		  generate_by(fd, "", AT_EMPTY_PATH, NULL, NULL));
	close(fd);
	fd = open(stage_path(PLACE_TMPFS, "probe"), O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(GENERATES_NOTHING,
		  generate_by(fd, "", AT_EMPTY_PATH, NULL, NULL));
	close(fd);
}

/* The program of a script is its interpreter. */
TEST_F(file, script)
{
	ASSERT_EQ(0, write_script(self->path,
				  stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(GENERATES, generate(self->path));
}

TEST_F(file, script_of_initramfs)
{
	char script[PATH_MAX], name[64];

	snprintf(name, sizeof(name), "generator-%d", getpid());
	test_path(script, sizeof(script), name);
	ASSERT_EQ(0, write_script(script, stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(GENERATES_NOTHING, generate(script));
	EXPECT_EQ(0, unlink(script));
}

/*
 * A program is what was started, whatever its dynamic linker does, and root chooses
 * which file that is.
 */
TEST_F(file, dynamic_linker)
{
	char program[PATH_MAX];

	test_path(program, sizeof(program), "interpreted");
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(GENERATES, generate(program));
	ASSERT_EQ(0, copy_file(program, self->path, 0755));
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(GENERATES_NOTHING, generate(self->path));
}

/* In a user namespace, everybody can choose the dynamic linker. */
static int enter_user_namespace(void *unused)
{
	(void)unused;
	return unshare(CLONE_NEWUSER) ? -errno : 0;
}

TEST_F(file, user_namespace)
{
	const char *path = stage_path(PLACE_INITRAMFS, "probe");
	char program[PATH_MAX];

	/* Without a dynamic linker, the namespace has no part in it. */
	EXPECT_EQ(GENERATES, generate_by(AT_FDCWD, path, 0,
					 enter_user_namespace, NULL));
	test_path(program, sizeof(program), "interpreted");
	ASSERT_EQ(0, interpreter_set(path));
	EXPECT_EQ(GENERATES, generate(program));
	EXPECT_EQ(GENERATES_NOTHING,
		  generate_by(AT_FDCWD, program, 0, enter_user_namespace,
			      NULL));
}

/* A process can exchange what /proc/PID/exe shows. */
TEST_F(file, exchanged_by_prctl)
{
	char program[PATH_MAX], word[PATH_MAX];

	test_path(program, sizeof(program), "interpreted");
	ASSERT_EQ(0, copy_file(program, self->path, 0755));
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_TMPFS, "probe")));
	snprintf(word, sizeof(word), PROBE_EXCHANGE "%s",
		 stage_path(PLACE_INITRAMFS, "probe"));
	EXPECT_EQ(GENERATES_NOTHING,
		  run_program_with(word, AT_FDCWD, self->path, 0, NULL, NULL));
}

/* binfmt_misc starts the interpreter, whatever it calls the program. */
FIXTURE(misc)
{
	char mount[PATH_MAX];
};

FIXTURE_VARIANT(misc)
{
	const char *flags;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(misc, none) { "" };
FIXTURE_VARIANT_ADD(misc, O) { "O" };
FIXTURE_VARIANT_ADD(misc, C) { "C" };
FIXTURE_VARIANT_ADD(misc, F) { "F" };
FIXTURE_VARIANT_ADD(misc, T) { "T" };
/* clang-format on */

FIXTURE_SETUP(misc)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->mount, sizeof(self->mount), "%s/misc-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, mkdir(self->mount, 0755));
	if (!misc_knows(self->mount, variant->flags))
		SKIP(return, "no binfmt_misc with the flags '%s'",
		     variant->flags);
	ASSERT_EQ(0, misc_mount(self->mount));
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_PROGRAM("exe_boot_verified=TRUE")));
}

FIXTURE_TEARDOWN(misc)
{
	misc_unregister(self->mount, "generator");
	umount2(self->mount, 0);
	EXPECT_EQ(0, ipe_reset());
}

static int generate_by_misc(const char *mount, enum place interpreter,
			    const char *path, const char *flags)
{
	int err = misc_register(mount, "generator",
				misc_by_extension("generator"),
				stage_path(interpreter, "probe"), flags);

	if (err)
		return err;
	err = generate(path);
	misc_unregister(mount, "generator");
	return err;
}

TEST_F(misc, interpreter_counts)
{
	char trusted[PATH_MAX], other[PATH_MAX], name[64];

	snprintf(name, sizeof(name), "%d.generator", getpid());
	test_path(trusted, sizeof(trusted), name);
	snprintf(other, sizeof(other), "%s/%s", stage_dir(), name);
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "name"), trusted, 0755));
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "name"), other, 0755));
	EXPECT_EQ(GENERATES_NOTHING,
		  generate_by_misc(self->mount, PLACE_TMPFS, trusted,
				   variant->flags));
	EXPECT_EQ(GENERATES, generate_by_misc(self->mount, PLACE_INITRAMFS,
					      other, variant->flags));
	EXPECT_EQ(0, unlink(trusted));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
