// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: the program of the scenario. It reports that it runs. On the root volume it is
 * trusted; copies elsewhere belong to the attacker.
 */
#include "outcome.h"

int main(void)
{
	outcome("runs");
}
