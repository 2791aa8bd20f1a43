// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the personality READ_IMPLIES_EXEC, which makes readable memory
 * executable: which mappings it affects, and whether a program inherits it
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "probe.h"
#include "stage.h"

#define PAGE 4096UL
#define ROOM 512

#define DENY "DEFAULT action=DENY\n"
#define ALLOW "DEFAULT action=ALLOW\n"

#define BRK_RECORD "ipe_op=EXECUTE ipe_hook=BRK enforcing=1 "

/* Copies of the probe on a mount without MNT_NOEXEC, and on one with it. */
static char normal[ROOM], noexec[ROOM], noexec_mount[ROOM];

static const char *setup(void)
{
	const char *reason = stage_setup();
	char from[PATH_MAX];

	if (reason)
		return reason;
	snprintf(normal, sizeof(normal), "%s",
		 stage_path(PLACE_TMPFS, "probe"));
	snprintf(noexec_mount, sizeof(noexec_mount), "%s/noexec",
		 stage_dir());
	snprintf(noexec, sizeof(noexec), "%s/noexec/probe", stage_dir());
	if (mkdir(noexec_mount, 0755) ||
	    mount("tmpfs", noexec_mount, "tmpfs", MS_NOEXEC, NULL) ||
	    copy_file(test_path(from, sizeof(from), "probe"), noexec, 0755))
		return "there is no mount without execution";
	return NULL;
}

static void teardown(void)
{
	umount2(noexec_mount, 0);
	stage_teardown();
}

/* The number of executable mappings of files below this path in this process. */
static int executable_mappings(const char *below)
{
	char line[PATH_MAX + 128], permissions[8];
	FILE *maps = fopen("/proc/self/maps", "re");
	int count = 0;

	if (!maps)
		return -errno;
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, below) &&
			 sscanf(line, "%*s %7s", permissions) == 1 &&
			 permissions[2] == 'x';
	fclose(maps);
	return count;
}

/* A mapping of a file that asks for PROT_READ only. */
FIXTURE(mapping)
{
	int audit;
	int fd;
	int expected;
	const char *path;
};

FIXTURE_VARIANT(mapping)
{
	const char *rules;
	bool with_personality, on_noexec;
	/* A readable mapping may become executable, so IPE is asked. */
	bool asked;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(mapping, denied) { DENY, true, false, true };
FIXTURE_VARIANT_ADD(mapping, denied_on_noexec) { DENY, true, true, true };
FIXTURE_VARIANT_ADD(mapping, denied_without_personality) { DENY, false, false, false };
FIXTURE_VARIANT_ADD(mapping, denied_on_noexec_without_personality) { DENY, false, true, false };
FIXTURE_VARIANT_ADD(mapping, allowed) { ALLOW, true, false, true };
FIXTURE_VARIANT_ADD(mapping, allowed_on_noexec) { ALLOW, true, true, true };
/* clang-format on */

FIXTURE_SETUP(mapping)
{
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->asked && !strcmp(variant->rules, DENY) ?
				 -EACCES :
				 0;
	self->path = variant->on_noexec ? noexec : normal;
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, policy_enforce_rules(variant->rules));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(mapping)

/*
 * Only the call runs under the personality; otherwise the test itself could not
 * allocate memory.
 */
static int map(void **at, int fd, int prot, int flags, bool with_personality)
{
	int err = 0;

	if (read_implies_exec(with_personality))
		return -ECANCELED;
	*at = mmap(NULL, PAGE, prot, flags, fd, 0);
	if (*at == MAP_FAILED)
		err = -errno;
	if (read_implies_exec(false))
		return -ECANCELED;
	return err;
}

static int protect(void *at, int prot, bool with_personality)
{
	int err;

	if (read_implies_exec(with_personality))
		return -ECANCELED;
	err = mprotect(at, PAGE, prot) ? -errno : 0;
	if (read_implies_exec(false))
		return -ECANCELED;
	return err;
}

/* Expects this many pending records, each of this hook and about the file. */
#define EXPECT_RECORDS(count, hook, enforcing)                              \
	do {                                                                \
		struct audit_record record;                                 \
		char fields[PATH_MAX + 128], start[128];                    \
		int i;                                                      \
                                                                            \
		snprintf(start, sizeof(start),                              \
			 "ipe_op=EXECUTE ipe_hook=%s enforcing=%d ", hook,  \
			 enforcing);                                        \
		ASSERT_EQ(0, file_fields(fields, sizeof(fields),            \
					 self->path, "tmpfs"));             \
		for (i = 0; i < (count); i++) {                             \
			ASSERT_EQ(0, audit_next(self->audit,                \
						AUDIT_IPE_ACCESS,           \
						&record));                  \
			EXPECT_EQ(0, strncmp(record.text, start,            \
					     strlen(start)));               \
			EXPECT_NE(NULL, strstr(record.text, fields));       \
		}                                                           \
		EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));   \
	} while (0)

TEST_F(mapping, made_to_read)
{
	static const int flags[] = { MAP_PRIVATE, MAP_SHARED };
	bool executable = variant->with_personality && !variant->on_noexec;
	unsigned int i;
	void *at;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(self->expected, map(&at, self->fd, PROT_READ,
					      flags[i],
					      variant->with_personality));
		EXPECT_RECORDS(!!self->expected, "MMAP", 1);
		if (self->expected)
			continue;
		EXPECT_EQ(executable, executable_mappings(self->path));
		EXPECT_EQ(0, munmap(at, PAGE));
	}
}

TEST_F(mapping, made_to_read_and_write)
{
	void *at;

	EXPECT_EQ(self->expected, map(&at, self->fd, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE, variant->with_personality));
	EXPECT_RECORDS(!!self->expected, "MMAP", 1);
}

TEST_F(mapping, is_only_recorded_in_permissive_mode)
{
	void *at;

	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, map(&at, self->fd, PROT_READ, MAP_PRIVATE,
			 variant->with_personality));
	EXPECT_RECORDS(!!self->expected, "MMAP", 0);
}

/* Allowed mappings are recorded only where IPE was asked. */
TEST_F(mapping, success_audit)
{
	void *at;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(self->expected, map(&at, self->fd, PROT_READ, MAP_PRIVATE,
				      variant->with_personality));
	EXPECT_RECORDS(variant->asked, "MMAP", 1);
}

/* Without PROT_READ, the personality implies nothing. */
TEST_F(mapping, made_for_nothing)
{
	void *at;

	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(0, map(&at, self->fd, PROT_NONE, MAP_PRIVATE,
			 variant->with_personality));
	EXPECT_EQ(0, map(&at, self->fd, PROT_WRITE, MAP_PRIVATE,
			 variant->with_personality));
	EXPECT_RECORDS(0, "MMAP", 1);
	EXPECT_EQ(0, executable_mappings(self->path));
}

/* The mapping itself remembers whether it may become executable. */
TEST_F(mapping, becomes_readable)
{
	bool executable = variant->with_personality && !variant->on_noexec;
	bool denied = executable && self->expected;
	void *at;

	ASSERT_EQ(0, map(&at, self->fd, PROT_NONE, MAP_PRIVATE,
			 variant->with_personality));
	EXPECT_EQ(denied ? -EACCES : 0,
		  protect(at, PROT_READ, variant->with_personality));
	EXPECT_RECORDS(denied, "MPROTECT", 1);
	EXPECT_EQ(executable && !denied, executable_mappings(self->path));
}

/*
 * The kernel checks MNT_NOEXEC of the mount when it calls the hook, and again
 * when it creates the mapping. In between it waits for the lock of the address
 * space, which another thread holds most of the time.
 */
#define TRIES 20000
#define MAPPINGS 64

FIXTURE(race)
{
	int fd;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(noexec, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, policy_enforce_rules(DENY));
}

FIXTURE_TEARDOWN_PARENT(race)
{
	EXPECT_EQ(0, mount(NULL, noexec_mount, NULL,
			   MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	EXPECT_EQ(0, ipe_reset());
}

static volatile bool stop;
static volatile unsigned int toggles;

static void *toggle_noexec(void *unused)
{
	unsigned long flags = MS_REMOUNT | MS_BIND;

	(void)unused;
	while (!stop) {
		if (mount(NULL, noexec_mount, NULL, flags, NULL))
			return (void *)(long)errno;
		flags ^= MS_NOEXEC;
		toggles++;
	}
	return NULL;
}

static void *hold_lock(void *unused)
{
	void *at;

	(void)unused;
	while (!stop) {
		at = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (at == MAP_FAILED)
			return (void *)(long)errno;
		munmap(at, 64 * PAGE);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, denied_file_stays_unexecutable, 120)
{
	void *(*const loops[])(void *) = { toggle_noexec, hold_lock };
	void *made[MAPPINGS], *result;
	unsigned int i, tries, count = 0;
	pthread_t threads[2];
	int executable = 0;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, loops[i], NULL));
	for (tries = 0; tries < TRIES && !executable; tries++) {
		if (!map(&made[count], self->fd, PROT_READ, MAP_PRIVATE, true))
			count++;
		if (count < MAPPINGS && tries + 1 < TRIES)
			continue;
		executable = executable_mappings(noexec);
		while (count)
			munmap(made[--count], PAGE);
	}
	stop = true;
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, pthread_join(threads[i], &result));
		EXPECT_EQ(NULL, result);
	}
	EXPECT_EQ(0, executable);
	EXPECT_LT(0, toggles);
}

/* A 32-bit program: the kernel clears the personality of a 64-bit one itself. */
FIXTURE(inheritance)
{
	int audit;
	char path[PATH_MAX];
};

FIXTURE_VARIANT(inheritance)
{
	const char *rules;
	bool permissive;
	/* Whether the program keeps the personality, and the number of records. */
	bool kept;
	int records;
};

#define KEPT (PROBE_RAN + PROBE_PERSONALITY + PROBE_HEAP)

/* clang-format off */
FIXTURE_VARIANT_ADD(inheritance, denied) { TRUST_INITRAMFS, false, false, 1 };
FIXTURE_VARIANT_ADD(inheritance, denied_by_rule) { ALLOW "op=EXECUTE boot_verified=FALSE action=DENY\n", false, false, 1 };
FIXTURE_VARIANT_ADD(inheritance, permissive) { TRUST_INITRAMFS, true, true, 1 };
FIXTURE_VARIANT_ADD(inheritance, allowed) { ALLOW, false, true, 0 };
FIXTURE_VARIANT_ADD(inheritance, allowed_by_operation) { DENY "DEFAULT op=EXECUTE action=ALLOW\n", false, true, 0 };
FIXTURE_VARIANT_ADD(inheritance, allowed_by_rule) { DENY "op=EXECUTE action=ALLOW\n", false, true, 0 };
/* clang-format on */

FIXTURE_SETUP(inheritance)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	test_path(self->path, sizeof(self->path), "inherit32");
	if (access(self->path, X_OK))
		SKIP(return, "no 32-bit programs on this machine");
	ASSERT_EQ(0, ipe_reset());
	/* Otherwise the kernel could not run it, and no test would notice. */
	ASSERT_EQ(PROBE_RAN, run_program(AT_FDCWD, self->path, 0, NULL, NULL));
	ASSERT_EQ(KEPT, run_program(AT_FDCWD, self->path, 0,
				    set_read_implies_exec, NULL));
	ASSERT_EQ(0, policy_enforce_rules(variant->rules));
	if (variant->permissive)
		ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(inheritance)

/*
 * Counts the records of the hook. They name no file, because they are about
 * memory.
 */
static int inheritance_records(int audit, bool enforcing)
{
	struct audit_record record;
	int err, count = 0;
	char start[128];

	snprintf(start, sizeof(start),
		 "ipe_op=EXECUTE ipe_hook=BPRM_CREDS_FROM_FILE enforcing=%d ",
		 enforcing);
	while (!(err = audit_next(audit, AUDIT_IPE_ACCESS, &record))) {
		if (strncmp(record.text, start, strlen(start)) ||
		    !strstr(record.text, " path=? dev=? ino=? ")) {
			fprintf(stderr, "# another record: %s\n", record.text);
			return -EINVAL;
		}
		count++;
	}
	return err == -EAGAIN ? count : err;
}

TEST_F(inheritance, by_program)
{
	EXPECT_EQ(variant->kept ? KEPT : PROBE_RAN,
		  run_program(AT_FDCWD, self->path, 0, set_read_implies_exec,
			      NULL));
	EXPECT_EQ(variant->records,
		  inheritance_records(self->audit, !variant->permissive));
}

/* The same for a script: the program that starts is its interpreter. */
TEST_F(inheritance, by_interpreter)
{
	char script[PATH_MAX], name[64];

	snprintf(name, sizeof(name), "script32-%d", getpid());
	test_path(script, sizeof(script), name);
	ASSERT_EQ(0, write_script(script, self->path));
	EXPECT_EQ(variant->kept ? KEPT : PROBE_RAN,
		  run_program(AT_FDCWD, script, 0, set_read_implies_exec,
			      NULL));
	EXPECT_EQ(variant->records,
		  inheritance_records(self->audit, !variant->permissive));
	EXPECT_EQ(0, unlink(script));
}

/* Nothing is inherited, so nothing is judged. */
TEST_F(inheritance, without_personality)
{
	EXPECT_EQ(PROBE_RAN, run_program(AT_FDCWD, self->path, 0, NULL, NULL));
	EXPECT_EQ(0, inheritance_records(self->audit, !variant->permissive));
}

/*
 * The heap of a task with the personality is executable. Only a policy that names
 * anonymous_memory is asked when it grows.
 */
FIXTURE(heap)
{
	int audit;
};

FIXTURE_VARIANT(heap)
{
	const char *rules;
	bool with_personality;
	int expected;
	/* The number of records. */
	int records;
};

#define DENY_MEMORY ALLOW "op=EXECUTE anonymous_memory=TRUE action=DENY\n"

/* clang-format off */
FIXTURE_VARIANT_ADD(heap, denied) { DENY_MEMORY, true, -ENOMEM, 1 };
FIXTURE_VARIANT_ADD(heap, denied_without_personality) { DENY_MEMORY, false, 0, 0 };
FIXTURE_VARIANT_ADD(heap, unsaid) { DENY, true, 0, 0 };
FIXTURE_VARIANT_ADD(heap, files_alone) { DENY "op=EXECUTE anonymous_memory=FALSE action=ALLOW\n", true, -ENOMEM, 1 };
FIXTURE_VARIANT_ADD(heap, allowed) { DENY "op=EXECUTE anonymous_memory=TRUE action=ALLOW\n", true, 0, 0 };
FIXTURE_VARIANT_ADD(heap, unknown_program) { DENY "op=EXECUTE anonymous_memory=TRUE exe_fsverity_signature=TRUE action=ALLOW\n", true, -ENOMEM, 1 };
FIXTURE_VARIANT_ADD(heap, program) { DENY "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=ALLOW\n", true, 0, 0 };
/* clang-format on */

FIXTURE_SETUP(heap)
{
	if (strstr(variant->rules, "exe_boot_verified"))
		NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
	ASSERT_EQ(0, policy_enforce_rules(variant->rules));
	ASSERT_EQ(0, audit_drain(self->audit));
}

RESET_AFTER(heap)

TEST_F(heap, grows)
{
	struct audit_record record;
	int i;

	EXPECT_EQ(variant->expected, try_grow_heap(variant->with_personality));
	for (i = 0; i < variant->records; i++) {
		ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
		EXPECT_EQ(0, strncmp(record.text, BRK_RECORD, strlen(BRK_RECORD)))
			TH_LOG("%s", record.text);
	}
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(heap, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_grow_heap(variant->with_personality));
}

IPE_TEST_MAIN(setup, teardown)
