// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: the program of the scenario. It says that it runs. On the root volume it is
 * trusted; its copies elsewhere are an attacker's.
 */
#include "outcome.h"

int main(void)
{
	outcome("runs");
}
