// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - what the tests execute
 *
 * Its exit code tells that it ran.
 */
#include "probe.h"

int main(void)
{
	return PROBE_RAN;
}
