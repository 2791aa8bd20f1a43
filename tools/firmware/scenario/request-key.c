// SPDX-License-Identifier: GPL-2.0-only
/* request-key: asks for a key that the kernel can only get from /sbin/request-key. */
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outcome.h"

int main(void)
{
	if (syscall(SYS_request_key, "user", "attack", "", KEY_SPEC_PROCESS_KEYRING) < 0)
		failure();
	outcome("found");
}
