// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - interpreters that are executed in place of a file: those of
 * scripts, and those of binfmt_misc
 *
 * IPE judges each when the kernel opens it, and again as the program that is
 * executed.
 */
#include <sys/mount.h>

#include "bpf.h"
#include "execution.h"
#include "fuse.h"
#include "stage.h"

/* The program with its own interpreter, and a mount of binfmt_misc. */
static char program[PATH_MAX], misc[PATH_MAX];
static const char *misc_missing;

static const char *setup(void)
{
	const char *reason = stage_setup();

	if (reason)
		return reason;
	test_path(program, sizeof(program), "interpreted");
	snprintf(misc, sizeof(misc), "%s/misc", stage_dir());
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

/* A path beside this program, in the initramfs, which the policy allows. */
static void own_path(char path[PATH_MAX], const char *name, const char *extension)
{
	char file[64];

	snprintf(file, sizeof(file), "%s-%d%s", name, getpid(), extension);
	test_path(path, PATH_MAX, file);
}

/*
 * The last interpreter: the policy allows the one in the initramfs and denies
 * the one on tmpfs.
 */
static const char *interpreter_path(bool denied)
{
	return stage_path(denied ? PLACE_TMPFS : PLACE_INITRAMFS, "probe");
}

/* The first steps of each fixture, before it creates the file. */
static void begin(struct __test_metadata *_metadata, struct execution *it,
		  bool denied)
{
	ASSERT_EQ(0, ipe_reset());
	it->denied = denied;
	ASSERT_EQ(0, file_fields(it->fields, sizeof(it->fields),
				 interpreter_path(denied),
				 stage_device(denied ? PLACE_TMPFS :
						       PLACE_INITRAMFS)));
}

/* The last steps of each fixture. */
static void enforce_and_watch(struct __test_metadata *_metadata,
			      struct execution *it)
{
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	execution_watch(_metadata, it);
}

FIXTURE(script)
{
	struct execution execution;
};

FIXTURE_VARIANT(script)
{
	bool denied;
};

FIXTURE_VARIANT_ADD(script, allowed) { false };
FIXTURE_VARIANT_ADD(script, denied) { true };

FIXTURE_SETUP(script)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	begin(_metadata, &self->execution, variant->denied);
	own_path(self->execution.path, "script", "");
	ASSERT_EQ(0, write_script(self->execution.path,
				  interpreter_path(variant->denied)));
	enforce_and_watch(_metadata, &self->execution);
}

FIXTURE_TEARDOWN_PARENT(script)
{
	unlink(self->execution.path);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(script, enforced)
{
	expect_enforced(_metadata, &self->execution);
}

/* The script, then its interpreter, as a file and as a program. */
TEST_F(script, success_audit)
{
	const struct questions asked =
		expect_recorded(_metadata, &self->execution, 1);

	EXPECT_EQ(variant->denied ? 1 : 2, asked.bprm_check);
}

TEST_F(script, permissive)
{
	const struct questions asked = expect_permitted(
		_metadata, &self->execution, variant->denied);

	EXPECT_EQ(variant->denied, asked.bprm_check);
}

/*
 * A format of binfmt_misc, with each flag that changes how the interpreter is
 * opened or executed. It is registered before the policy is active.
 */
FIXTURE(misc)
{
	struct execution execution;
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
/* Keeps the program's own argument zero. */
MISC(preserve, "P");
/* Passes the file to the interpreter as a descriptor, ... */
MISC(open, "O");
/* ... takes the credentials of the process from the file, ... */
MISC(credentials, "C");
/* ... or shows the file as the program that the process executes. */
MISC(transparent, "T");
/* Opens the interpreter when the format is registered. */
MISC(fixed, "F");
MISC(fixed_credentials, "FC");
MISC(fixed_transparent, "FT");
/* Replaces the interpreter that an ELF program names. */
MISC(loader, "L");
MISC(fixed_loader, "FL");

FIXTURE_SETUP(misc)
{
	struct execution *const it = &self->execution;
	int err;

	NEEDS_PLACE(PLACE_INITRAMFS);
	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	begin(_metadata, it, variant->denied);
	own_path(it->path, "file", ".ipe-misc");
	ASSERT_EQ(0, copy_file(program, it->path, 0755));
	/*
	 * The interpreter that the program names would be allowed, but is not
	 * opened.
	 */
	ASSERT_EQ(0, interpreter_set(interpreter_path(false)));
	err = misc_register(misc, "ipe-misc", misc_by_extension("ipe-misc"),
			    interpreter_path(variant->denied), variant->flags);
	if (err == -EINVAL && strpbrk(variant->flags, "LT"))
		SKIP(return, "this kernel does not know %s", variant->flags);
	ASSERT_EQ(0, err);
	enforce_and_watch(_metadata, it);
}

FIXTURE_TEARDOWN_PARENT(misc)
{
	misc_unregister(misc, "ipe-misc");
	unlink(self->execution.path);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(misc, enforced)
{
	expect_enforced(_metadata, &self->execution);
}

TEST_F(misc, success_audit)
{
	const struct questions asked =
		expect_recorded(_metadata, &self->execution, 1);
	/* A loader is not executed as a program. */
	const bool loader = strchr(variant->flags, 'L');

	EXPECT_EQ(variant->denied || loader ? 1 : 2, asked.bprm_check);
}

TEST_F(misc, permissive)
{
	expect_permitted(_metadata, &self->execution, variant->denied);
}

/* Registering a format executes nothing, even if it opens the interpreter. */
TEST_F(misc, registered_under_policy)
{
	ASSERT_EQ(0, misc_unregister(misc, "ipe-misc"));
	EXPECT_EQ(0, misc_register(misc, "ipe-misc",
				   misc_by_extension("ipe-misc"),
				   interpreter_path(variant->denied),
				   variant->flags));
	EXPECT_EQ(0, audit_count(self->execution.audit, AUDIT_IPE_ACCESS));
	expect_enforced(_metadata, &self->execution);
}

/*
 * A format whose handler is a BPF program ("B"), which chooses the interpreter
 * when a file is executed: by a path that the kernel opens, or by the name of a
 * file that the format has bound, of which the kernel opens a clone. The program
 * does not ask the policy: whoever loads it can choose any file.
 */
FIXTURE(handler)
{
	struct execution execution;
};

FIXTURE_VARIANT(handler)
{
	bool bound, denied;
};

FIXTURE_VARIANT_ADD(handler, path_allowed) { false, false };
FIXTURE_VARIANT_ADD(handler, path_denied) { false, true };
FIXTURE_VARIANT_ADD(handler, bound_allowed) { true, false };
FIXTURE_VARIANT_ADD(handler, bound_denied) { true, true };

FIXTURE_SETUP(handler)
{
	struct execution *const it = &self->execution;
	const char *const interpreter = interpreter_path(variant->denied);
	char name[16], entry[PATH_MAX + 16], bind[PATH_MAX + 16];
	int fd, err;

	NEEDS_PLACE(PLACE_INITRAMFS);
	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	begin(_metadata, it, variant->denied);
	own_path(it->path, "file", ".ipe-bpf");
	fd = open(it->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_fd(fd, BPF_MAGIC "\n", strlen(BPF_MAGIC) + 1));
	ASSERT_EQ(0, close(fd));

	snprintf(name, sizeof(name), "ipe_%d", getpid());
	err = bpf_handler(name, variant->bound ? "bound" : interpreter,
			  variant->bound);
	if (err == -EOPNOTSUPP)
		SKIP(return, "the kernel has no CONFIG_BINFMT_MISC_BPF");
	ASSERT_EQ(0, err);
	/* Interpreters can be bound as long as the format is disabled. */
	ASSERT_EQ(0, misc_register(misc, "ipe-bpf", "B:::", name,
				   variant->bound ? "D" : ""));
	if (variant->bound) {
		snprintf(entry, sizeof(entry), "%s/ipe-bpf", misc);
		snprintf(bind, sizeof(bind), "+bound %s", interpreter);
		ASSERT_EQ(0, write_string(entry, bind));
		ASSERT_EQ(0, write_string(entry, "1"));
	}
	enforce_and_watch(_metadata, it);
}

FIXTURE_TEARDOWN_PARENT(handler)
{
	misc_unregister(misc, "ipe-bpf");
	unlink(self->execution.path);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(handler, enforced)
{
	expect_enforced(_metadata, &self->execution);
}

TEST_F(handler, success_audit)
{
	const struct questions asked =
		expect_recorded(_metadata, &self->execution, 1);

	EXPECT_EQ(variant->denied ? 1 : 2, asked.bprm_check);
}

TEST_F(handler, permissive)
{
	expect_permitted(_metadata, &self->execution, variant->denied);
}

/* An interpreter that has an interpreter itself: IPE judges both. */
enum link {
	SCRIPT,
	MISC,
	ELF,
};

FIXTURE(nested)
{
	/* Of the outer file, whose interpreter is the inner one. */
	struct execution execution;
	char inner[PATH_MAX];
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

/* Creates a file whose interpreter is the next one, and returns its path. */
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
	struct execution *const it = &self->execution;

	NEEDS_PLACE(PLACE_INITRAMFS);
	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	begin(_metadata, it, variant->denied);
	ASSERT_EQ(0, make_link(variant->inner, "ipe-inner",
			       interpreter_path(variant->denied),
			       self->inner));
	ASSERT_EQ(0, make_link(variant->outer, "ipe-outer", self->inner,
			       it->path));
	enforce_and_watch(_metadata, it);
}

FIXTURE_TEARDOWN_PARENT(nested)
{
	remove_link(variant->outer, "ipe-outer", self->execution.path);
	remove_link(variant->inner, "ipe-inner", self->inner);
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(nested, enforced)
{
	expect_enforced(_metadata, &self->execution);
}

TEST_F(nested, success_audit)
{
	const struct questions asked =
		expect_recorded(_metadata, &self->execution, 2);

	/* The outer file, the inner one, and the program that finally runs. */
	EXPECT_EQ(2 + (!variant->denied && variant->inner != ELF),
		  asked.bprm_check);
}

/*
 * The interpreter was opened when the format was registered, and cannot be
 * opened again. The kernel falls back to another format, and no state of the
 * first attempt may be left.
 */
TEST(interpreter_refuses_to_be_opened)
{
	char lower[PATH_MAX], path[PATH_MAX], from[PATH_MAX], interpreter[PATH_MAX];
	struct fuse_server server;
	struct blob contents;

	if (misc_missing)
		SKIP(return, "%s", misc_missing);
	ASSERT_EQ(0, ipe_reset());
	snprintf(lower, sizeof(lower), "%s/once", stage_dir());
	ASSERT_EQ(0, mkdir(lower, 0755));
	ASSERT_EQ(0, blob_read(test_path(from, sizeof(from), "probe"),
			       &contents));
	ASSERT_EQ(0, fuse_mount_once(&server, lower, &contents));
	ASSERT_EQ(0, stage_overlay("overlayonce", lower));
	snprintf(interpreter, sizeof(interpreter), "%s/overlayonce/probe",
		 stage_dir());
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
		 stage_dir());
	EXPECT_EQ(0, umount2(interpreter, 0));
	EXPECT_EQ(0, fuse_unmount(&server));
	blob_free(&contents);
}

IPE_TEST_MAIN(setup, teardown)
