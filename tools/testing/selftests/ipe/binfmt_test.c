// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - interpreters that are executed in the place of a file: those of
 * scripts, and those of binfmt_misc
 *
 * IPE judges each when the kernel opens it, and again as the program that is
 * executed.
 */
#include <sys/mount.h>

#include "fuse.h"
#include "harness.h"
#include "interpreter.h"
#include "stage.h"
#include "subject.h"

/* The program with an interpreter of its own, and a mount of binfmt_misc. */
static char program[PATH_MAX], misc[PATH_MAX];
static const char *misc_missing;

static const char *setup(void)
{
	const char *reason = stage_setup();

	if (reason)
		return reason;
	test_path(program, sizeof(program), "interpreted");
	snprintf(misc, sizeof(misc), "%s/misc", stage_folder());
	if (mkdir(misc, 0755))
		return "there is no directory to mount at";
	if (misc_mount(misc))
		misc_missing = "no binfmt_misc";
	return NULL;
}

static void teardown(void)
{
	interpreter_unset();
	if (!misc_missing)
		umount2(misc, 0);
	stage_teardown();
}

/* A path beside this program, in the initramfs: the policy allows what is there. */
static void own_path(char path[PATH_MAX], const char *name, const char *extension)
{
	char file[64];

	snprintf(file, sizeof(file), "%s-%d%s", name, getpid(), extension);
	test_path(path, PATH_MAX, file);
}

/* The last interpreter: the policy allows one in the initramfs, denies one on tmpfs. */
static const char *interpreter_path(bool denied)
{
	return stage_path(denied ? PLACE_TMPFS : PLACE_INITRAMFS, "probe");
}

static int interpreter_fields(char *to, size_t size, bool denied)
{
	return file_fields(to, size, interpreter_path(denied),
			   stage_device(denied ? PLACE_TMPFS :
						 PLACE_INITRAMFS));
}

FIXTURE(script)
{
	int audit;
	int expected;
	char path[PATH_MAX];
	char fields[PATH_MAX + 128];
};

FIXTURE_VARIANT(script)
{
	bool denied;
};

FIXTURE_VARIANT_ADD(script, allowed) { false };
FIXTURE_VARIANT_ADD(script, denied) { true };

FIXTURE_SETUP(script)
{
	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->denied ? -EACCES : 0;
	own_path(self->path, "script", "");
	ASSERT_EQ(0, write_script(self->path,
				  interpreter_path(variant->denied)));
	ASSERT_EQ(0, interpreter_fields(self->fields, sizeof(self->fields),
					variant->denied));
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN_PARENT(script)
{
	unlink(self->path);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(script, enforced)
{
	EXPECT_EQ(self->expected, try_execve(self->path));
	EXPECT_TRUE(is_only_denial(self->audit, variant->denied, self->fields));
}

/* The script, then its interpreter, as a file and as a program. */
TEST_F(script, success_audit)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(self->expected, try_execve(self->path));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(1, asked.exec_open);
	EXPECT_EQ(variant->denied ? 1 : 2, asked.bprm_check);
	EXPECT_TRUE(is_about_interpreter(&asked.last, true, self->fields));
}

TEST_F(script, permissive)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_execve(self->path));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(variant->denied, asked.exec_open);
	EXPECT_EQ(variant->denied, asked.bprm_check);
	if (variant->denied)
		EXPECT_TRUE(is_about_interpreter(&asked.last, false,
						 self->fields));
}

/*
 * A format of binfmt_misc, with each of its flags that change how the interpreter
 * is opened or what is made of it. The format exists before the policy is active.
 */
FIXTURE(misc)
{
	int audit;
	int expected;
	bool loader;
	char path[PATH_MAX];
	char fields[PATH_MAX + 128];
};

FIXTURE_VARIANT(misc)
{
	const char *flags;
	bool denied;
};

#define MISC(id, text)                                                      \
	FIXTURE_VARIANT_ADD(misc, id##_allowed) { text, false };            \
	FIXTURE_VARIANT_ADD(misc, id##_denied) { text, true }

MISC(no_flag, "");
/* The program's own argument zero is kept. */
MISC(preserve, "P");
/* The file is handed to the interpreter as a descriptor, ... */
MISC(open, "O");
/* ... gives the process its credentials, ... */
MISC(credentials, "C");
/* ... or is what the process seems to execute. */
MISC(transparent, "T");
/* The interpreter was opened when the format was made. */
MISC(fixed, "F");
MISC(fixed_credentials, "FC");
MISC(fixed_transparent, "FT");
/* It replaces the interpreter that an ELF program names. */
MISC(loader, "L");
MISC(fixed_loader, "FL");

FIXTURE_SETUP(misc)
{
	int err;

	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->denied ? -EACCES : 0;
	self->loader = strchr(variant->flags, 'L');
	own_path(self->path, "file", ".ipe-misc");
	ASSERT_EQ(0, copy_file(program, self->path, 0755));
	ASSERT_EQ(0, interpreter_fields(self->fields, sizeof(self->fields),
					variant->denied));
	/* The one that the program names would be allowed, but is not asked for. */
	ASSERT_EQ(0, interpreter_set(interpreter_path(false)));
	err = misc_register(misc, "ipe-misc", misc_by_extension("ipe-misc"),
			    interpreter_path(variant->denied), variant->flags);
	if (err == -EINVAL && strpbrk(variant->flags, "LT"))
		SKIP(return, "this kernel does not know %s", variant->flags);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN_PARENT(misc)
{
	misc_unregister(misc, "ipe-misc");
	unlink(self->path);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(misc, enforced)
{
	EXPECT_EQ(self->expected, try_execve(self->path));
	EXPECT_TRUE(is_only_denial(self->audit, variant->denied, self->fields));
}

TEST_F(misc, success_audit)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(self->expected, try_execve(self->path));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(1, asked.exec_open);
	/* A loader is not executed as a program. */
	EXPECT_EQ(variant->denied || self->loader ? 1 : 2, asked.bprm_check);
	EXPECT_TRUE(is_about_interpreter(&asked.last, true, self->fields));
}

TEST_F(misc, permissive)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_execve(self->path));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(variant->denied, asked.exec_open);
	if (variant->denied)
		EXPECT_TRUE(is_about_interpreter(&asked.last, false,
						 self->fields));
}

/* Registering a format executes nothing, even where it opens the interpreter. */
TEST_F(misc, registered_under_policy)
{
	ASSERT_EQ(0, misc_unregister(misc, "ipe-misc"));
	EXPECT_EQ(0, misc_register(misc, "ipe-misc",
				   misc_by_extension("ipe-misc"),
				   interpreter_path(variant->denied),
				   variant->flags));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_EQ(self->expected, try_execve(self->path));
	EXPECT_TRUE(is_only_denial(self->audit, variant->denied, self->fields));
}

/* An interpreter that has an interpreter: each is asked about. */
enum link {
	SCRIPT,
	MISC,
	ELF,
};

FIXTURE(nested)
{
	int audit;
	int expected;
	char outer[PATH_MAX], inner[PATH_MAX];
	char fields[PATH_MAX + 128];
};

FIXTURE_VARIANT(nested)
{
	enum link outer, inner;
	bool denied;
};

#define NESTED(id, first, second)                                           \
	FIXTURE_VARIANT_ADD(nested, id##_allowed) { first, second, false }; \
	FIXTURE_VARIANT_ADD(nested, id##_denied) { first, second, true }

NESTED(script_script, SCRIPT, SCRIPT);
NESTED(script_misc, SCRIPT, MISC);
NESTED(script_elf, SCRIPT, ELF);
NESTED(misc_script, MISC, SCRIPT);
NESTED(misc_misc, MISC, MISC);
NESTED(misc_elf, MISC, ELF);

/* Makes a file whose interpreter is the next one, and tells its path. */
static int make_link(enum link link, const char *name, const char *next,
		     char path[PATH_MAX])
{
	char extension[32];

	switch (link) {
	case SCRIPT:
		own_path(path, name, "");
		return write_script(path, next);
	case MISC:
		snprintf(extension, sizeof(extension), ".%s", name);
		own_path(path, name, extension);
		return copy_file(program, path, 0755) ?:
		       misc_register(misc, name, misc_by_extension(name), next,
				     "");
	default:
		snprintf(path, PATH_MAX, "%s", program);
		return interpreter_set(next);
	}
}

static void remove_link(enum link link, const char *name, const char *path)
{
	if (link == MISC)
		misc_unregister(misc, name);
	if (link != ELF)
		unlink(path);
}

FIXTURE_SETUP(nested)
{
	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->denied ? -EACCES : 0;
	ASSERT_EQ(0, make_link(variant->inner, "ipe-inner",
			       interpreter_path(variant->denied),
			       self->inner));
	ASSERT_EQ(0, make_link(variant->outer, "ipe-outer", self->inner,
			       self->outer));
	ASSERT_EQ(0, interpreter_fields(self->fields, sizeof(self->fields),
					variant->denied));
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

FIXTURE_TEARDOWN_PARENT(nested)
{
	remove_link(variant->outer, "ipe-outer", self->outer);
	remove_link(variant->inner, "ipe-inner", self->inner);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(nested, enforced)
{
	EXPECT_EQ(self->expected, try_execve(self->outer));
	EXPECT_TRUE(is_only_denial(self->audit, variant->denied, self->fields));
}

TEST_F(nested, success_audit)
{
	struct questions asked;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(self->expected, try_execve(self->outer));
	ASSERT_EQ(0, questions_take(self->audit, &asked));
	EXPECT_EQ(2, asked.exec_open);
	EXPECT_TRUE(is_about_interpreter(&asked.last, true, self->fields));
	/* The outer file, the inner one, and what is executed in the end. */
	EXPECT_EQ(2 + (!variant->denied && variant->inner != ELF),
		  asked.bprm_check);
}

/*
 * The interpreter that was opened when the format was registered cannot be opened
 * again, and the file is executed by another format: nothing is left of the former.
 */
TEST(interpreter_refuses_to_be_opened)
{
	char lower[PATH_MAX], path[PATH_MAX], from[PATH_MAX], interpreter[PATH_MAX];
	struct fuse_server server;
	struct blob contents;

	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	ASSERT_EQ(0, ipe_reset());
	snprintf(lower, sizeof(lower), "%s/once", stage_folder());
	ASSERT_EQ(0, mkdir(lower, 0755));
	ASSERT_EQ(0, blob_read(test_path(from, sizeof(from), "probe"),
			       &contents));
	ASSERT_EQ(0, fuse_mount_once(&server, lower, &contents));
	ASSERT_EQ(0, stage_overlay("overlayonce", lower));
	snprintf(interpreter, sizeof(interpreter), "%s/overlayonce/probe",
		 stage_folder());
	own_path(path, "program", ".ipe-once");
	ASSERT_EQ(0, copy_file(from, path, 0755));
	ASSERT_EQ(0, misc_register(misc, "ipe-once", misc_by_extension("ipe-once"),
				   interpreter, "F"));

	ASSERT_EQ(0, policy_enforce_rules("DEFAULT action=ALLOW\n"));
	EXPECT_EQ(0, try_execve(path));

	EXPECT_EQ(0, ipe_reset());
	EXPECT_EQ(0, misc_unregister(misc, "ipe-once"));
	EXPECT_EQ(0, unlink(path));
	snprintf(interpreter, sizeof(interpreter), "%s/overlayonce",
		 stage_folder());
	EXPECT_EQ(0, umount2(interpreter, 0));
	EXPECT_EQ(0, fuse_unmount(&server));
	blob_free(&contents);
}

IPE_TEST_MAIN(setup, teardown)
