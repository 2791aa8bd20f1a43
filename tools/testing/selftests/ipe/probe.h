/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IPE_SELFTEST_PROBE_H
#define IPE_SELFTEST_PROBE_H

/* The exit code of the program "probe". */
#define PROBE_RAN 42

#endif /* IPE_SELFTEST_PROBE_H */
