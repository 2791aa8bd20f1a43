// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies, credentials and programs change while decisions about memory are made
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "audit.h"
#include "generate.h"
#include "huge_page.h"
#include "race.h"

#define SECONDS 3

/* Two policies that let one program generate code, for different reasons, and no other. */
#define FIRST ALLOW_PROGRAM("exe_fsverity_digest=$fsv")
#define SECOND                                                              \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=EXECUTE action=DENY\n"                                  \
	"op=EXECUTE anonymous_memory=FALSE action=ALLOW\n"                  \
	"op=EXECUTE anonymous_memory=TRUE exe_fsverity_signature=TRUE "     \
	"action=ALLOW\n"

static void ask_memory(struct shared *shared)
{
	expect(shared, -EACCES, try_mmap_anonymous());
	expect(shared, -EACCES, try_mprotect_anonymous());
	expect(shared, 0, try_mmap_path(stage_path(PLACE_TMPFS, "probe")));
}

/* Maps a huge page that is executable, or becomes so. */
static int try_huge(int prot)
{
	void *at = mmap(NULL, huge_page, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	int err = 0;

	if (at == MAP_FAILED)
		return -errno;
	if (!(prot & PROT_EXEC) && mprotect(at, huge_page, prot | PROT_EXEC))
		err = -errno;
	munmap(at, huge_page);
	return err;
}

static void ask_huge(struct shared *shared)
{
	expect(shared, -EACCES, try_huge(PROT_READ | PROT_EXEC));
	expect(shared, -EACCES, try_huge(PROT_READ));
	expect(shared, -EACCES, try_huge(PROT_READ | PROT_WRITE));
}

static void ask_programs(struct shared *shared)
{
	expect(shared, GENERATES, generate(stage_path(PLACE_FSV_SIGNED, "probe")));
	expect(shared, GENERATES_NOTHING,
	       generate(stage_path(PLACE_TMPFS, "probe")));
}

/* The credentials of one thread. */
static void *change_user(void *stop)
{
	while (!*(volatile bool *)stop) {
		if (syscall(SYS_setresuid, -1, 65534, -1) ||
		    syscall(SYS_setresuid, -1, 0, -1))
			return (void *)(long)-errno;
	}
	return NULL;
}

/* One thread asks while another one of the process becomes other users. */
static void ask_among_threads(struct shared *shared)
{
	volatile bool stop = false;
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, change_user, (void *)&stop)) {
		count(&shared->failures);
		return;
	}
	for (int i = 0; i < 20; i++)
		ask_memory(shared);
	stop = true;
	change(shared, pthread_join(thread, &result) ?: (long)result);
}

static int become_nobody(void *argument)
{
	(void)argument;
	return syscall(SYS_setresuid, 65534, 65534, 65534) ? -errno : 0;
}

/* As another user, who executes the programs. */
static void ask_as_nobody(struct shared *shared)
{
	expect(shared, GENERATES,
	       generate_by(AT_FDCWD, stage_path(PLACE_FSV_SIGNED, "probe"), 0,
			   become_nobody, NULL));
	expect(shared, GENERATES_NOTHING,
	       generate_by(AT_FDCWD, stage_path(PLACE_TMPFS, "probe"), 0,
			   become_nobody, NULL));
}

static int load_both(void)
{
	char rules[1024];

	return stage_rules(rules, sizeof(rules), FIRST) ?:
	       policy_load(NAME "1", NULL, rules) ?:
	       policy_load(NAME "2", NULL, SECOND) ?:
	       policy_activate(NAME "1");
}

#define RACE(...)                                                           \
	do {                                                                \
		NEEDS_PLACE(PLACE_FSV_SIGNED);                              \
		ASSERT_EQ(0, load_both());                                  \
		START(activate_both, __VA_ARGS__);                          \
		finish(_metadata, self, SECONDS);                           \
		EXPECT_LT(20, self->shared->right);                         \
		EXPECT_LT(2, self->shared->changes);                        \
	} while (0)

TEST_F_TIMEOUT(race, memory, LIMIT)
{
	RACE(ask_memory, ask_memory);
}

TEST_F_TIMEOUT(race, huge_pages, LIMIT)
{
	if (!huge_page)
		SKIP(return, "no pool of huge pages");
	RACE(ask_huge, ask_huge);
}

TEST_F_TIMEOUT(race, programs, LIMIT)
{
	RACE(ask_programs, ask_memory);
}

TEST_F_TIMEOUT(race, credentials, LIMIT)
{
	RACE(ask_among_threads, ask_as_nobody);
}

static const char *memory_setup(void)
{
	const char *reason = audited_initramfs_setup();

	if (!reason)
		huge_pool_fill();
	return reason;
}

static void memory_teardown(void)
{
	huge_pool_restore();
	audited_stage_teardown();
}

IPE_TEST_MAIN(memory_setup, memory_teardown)
