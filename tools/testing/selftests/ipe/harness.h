/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the program around the tests
 */
#ifndef IPE_SELFTEST_HARNESS_H
#define IPE_SELFTEST_HARNESS_H

#include "kselftest_harness.h"

#include "common.h"

/*
 * Looks for IPE and the keys, calls setup(), which returns NULL or what went
 * wrong, before the tests and teardown() after them.
 */
#define IPE_TEST_MAIN(setup, teardown)                                      \
	int main(int argc, char **argv)                                     \
	{                                                                   \
		const char *reason = ipe_unavailable();                     \
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
		ret = test_harness_run(argc, argv);                         \
		teardown();                                                 \
		if (ipe_reset() && !ret)                                    \
			ret = KSFT_FAIL;                                    \
		return ret;                                                 \
	}

static inline const char *no_setup(void)
{
	return NULL;
}

static inline void no_teardown(void)
{
}

#endif /* IPE_SELFTEST_HARNESS_H */
