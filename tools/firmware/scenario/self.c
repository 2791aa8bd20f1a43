// SPDX-License-Identifier: GPL-2.0-only
/*
 * self: overwrites its own code, which is a read-only mapping of a trusted file, through
 * /proc/self/mem, and calls it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "code.h"
#include "outcome.h"

static __attribute__((noinline, noclone)) int answer(void)
{
	int value = 1;

	__asm__ volatile("" : "+r"(value)); /* the compiler must not know the result */
	return value;
}

int main(void)
{
	static const unsigned char code[] = CODE_RETURN_0;
	int fd = open("/proc/self/mem", O_RDWR);

	if (fd < 0 || pwrite(fd, code, sizeof(code), (uintptr_t)answer) != sizeof(code))
		failure();
	outcome(answer() ? "unchanged" : "overwritten");
}
