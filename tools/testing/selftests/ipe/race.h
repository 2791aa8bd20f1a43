/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - changes while decisions are made
 *
 * For a few seconds, some processes change the state that decides, and others
 * ask for decisions. The questions are chosen so that the correct answer is
 * known, whatever changes at whichever moment.
 */
#ifndef IPE_SELFTEST_RACE_H
#define IPE_SELFTEST_RACE_H

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "access.h"
#include "harness.h"
#include "stage.h"

/* An emulated machine that shares its processors is slow. */
#define LIMIT 180

enum { MAX_PROCESSES = 8 };

/* Shared by the processes of a test. */
struct shared {
	volatile bool stop;
	/* The number of correct and of wrong decisions. */
	unsigned int right, wrong;
	/* The last wrong answer: 0, or a negative errno. */
	int answer;
	/* Decisions that may be either. */
	unsigned int allowed, denied;
	/* Attempts to change something. */
	unsigned int changes, failures;
};

static inline void count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

FIXTURE(race)
{
	struct shared *shared;
	pid_t processes[MAX_PROCESSES];
	unsigned int count;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, ipe_reset());
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
}

RESET_AFTER(race)

typedef void job(struct shared *shared);

/* Runs each job repeatedly, in its own process. */
static inline void start(struct __test_metadata *_metadata,
			 FIXTURE_DATA(race) *self, job *const *jobs)
{
	pid_t child;

	for (; *jobs; jobs++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			/* The job ends with a test that fails. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (!self->shared->stop)
				(*jobs)(self->shared);
			_exit(0);
		}
		self->processes[self->count++] = child;
	}
}

#define START(...)                                                          \
	start(_metadata, self, (job *const[]){ __VA_ARGS__, NULL })

/* Lets them run for this time; there must be no wrong decision. */
static inline void finish(struct __test_metadata *_metadata,
			  FIXTURE_DATA(race) *self, unsigned int seconds)
{
	const struct timespec time = { .tv_sec = seconds };
	const struct shared *const shared = self->shared;
	int status;

	nanosleep(&time, NULL);
	self->shared->stop = true;
	while (self->count) {
		EXPECT_EQ(self->processes[self->count - 1],
			  waitpid(self->processes[self->count - 1], &status,
				  0));
		EXPECT_EQ(0, status);
		self->count--;
	}
	EXPECT_EQ(0, shared->failures);
	EXPECT_EQ(0, shared->wrong)
	{
		TH_LOG("%u wrong, the last was %d", shared->wrong,
		       shared->answer);
	}
}

static inline void count_wrong(struct shared *shared, int answer)
{
	shared->answer = answer;
	count(&shared->wrong);
}

static inline void expect(struct shared *shared, int want, int got)
{
	if (got == want)
		count(&shared->right);
	else
		count_wrong(shared, got);
}

/* The processes that change something. */
static inline void change(struct shared *shared, int err)
{
	if (err)
		count(&shared->failures);
	else
		count(&shared->changes);
}

/* The name of policies, with a number behind it where a test has several. */
#define NAME IPE_PREFIX "_race"

static inline void activate_both(struct shared *shared)
{
	change(shared, policy_activate(NAME "1"));
	change(shared, policy_activate(NAME "2"));
}

/* A file of the initramfs, which each policy allows. */
static inline void ask_allowed(struct shared *shared)
{
	const char *path = stage_path(PLACE_INITRAMFS, "probe");

	expect(shared, 0, try_mmap_path(path));
	expect(shared, 0, try_mprotect_path(path));
}

#endif /* IPE_SELFTEST_RACE_H */
