// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the program that the tests execute
 *
 * Its exit code proves that it ran.
 */
#include "probe.h"

#ifndef PROBE_EXIT
#define PROBE_EXIT PROBE_RAN
#endif

int main(void)
{
	return PROBE_EXIT;
}
