/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the fixture that tests of audit records share
 */
#ifndef IPE_SELFTEST_AUDIT_FIXTURE_H
#define IPE_SELFTEST_AUDIT_FIXTURE_H

#include "audit.h"
#include "harness.h"

#define NAME IPE_PREFIX "_audit"
#define ALLOW "DEFAULT action=ALLOW\n"
#define DENY "DEFAULT action=DENY\n"

#define EXPECT_RECORD(want, record)                                         \
	EXPECT_STREQ(want, (record).text)

/* A listener and nothing else. */
FIXTURE(records)
{
	int audit;
};

FIXTURE_SETUP(records)
{
	ASSERT_EQ(0, ipe_reset());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(records)

#endif /* IPE_SELFTEST_AUDIT_FIXTURE_H */
