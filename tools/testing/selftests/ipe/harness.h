/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the main program of the tests
 */
#ifndef IPE_SELFTEST_HARNESS_H
#define IPE_SELFTEST_HARNESS_H

#include "kselftest_harness.h"

#include "common.h"

/* A kernel with checkers is slow: IPE_TEST_PATIENCE multiplies the limits. */
static inline void harness_be_patient(void)
{
	const char *const patience = getenv("IPE_TEST_PATIENCE");
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	if (!patience)
		return;
	for (f = __fixture_list; f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->timeout *= atoi(patience);
}

/*
 * Looks for IPE and the keys. Calls setup(), which returns NULL or the reason
 * why it failed, before the tests, and teardown() after them.
 */
#define IPE_TEST_MAIN(setup, teardown)                                      \
	IPE_TEST_MAIN_UNLESS((const char *)NULL, setup, teardown)

/* The same for tests that need more; "missing" is NULL or says what is missing. */
#define IPE_TEST_MAIN_UNLESS(missing, setup, teardown)                      \
	int main(int argc, char **argv)                                     \
	{                                                                   \
		const char *reason = ipe_unavailable() ?: (missing);        \
		int ret;                                                    \
                                                                            \
		if (reason) {                                               \
			ksft_print_header();                                \
			ksft_exit_skip("%s\n", reason);                     \
		}                                                           \
		ret = ipe_reset();                                          \
		if (ret) {                                                  \
			ksft_print_header();                                \
			ksft_exit_fail_msg("IPE cannot be reset: %s\n",     \
					   strerror(-ret));                 \
		}                                                           \
		reason = setup();                                           \
		if (reason) {                                               \
			ksft_print_header();                                \
			ksft_exit_fail_msg("%s\n", reason);                 \
		}                                                           \
		harness_be_patient();                                       \
		ret = test_harness_run(argc, argv);                         \
		teardown();                                                 \
		if (ipe_reset() && !ret)                                    \
			ret = KSFT_FAIL;                                    \
		return ret;                                                 \
	}

/* Resets IPE before each test of the fixture, and after it. */
#define RESET_AROUND(fixture)                                               \
	FIXTURE_SETUP(fixture)                                              \
	{                                                                   \
		ASSERT_EQ(0, ipe_reset());                                  \
	}                                                                   \
	RESET_AFTER(fixture)

/* The same for a fixture that sets up more, and begins with ipe_reset(). */
#define RESET_AFTER(fixture)                                                \
	FIXTURE_TEARDOWN_PARENT(fixture)                                    \
	{                                                                   \
		EXPECT_EQ(0, ipe_reset());                                  \
	}

/* IPE still shows the state that ipe_snapshot() saw. */
static inline void expect_unchanged(struct __test_metadata *_metadata,
				    const char *before)
{
	char after[65];

	EXPECT_EQ(0, ipe_snapshot(after));
	EXPECT_STREQ(before, after);
}

static inline const char *no_setup(void)
{
	return NULL;
}

static inline void no_teardown(void)
{
}

#endif /* IPE_SELFTEST_HARNESS_H */
