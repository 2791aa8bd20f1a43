// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a 32-bit program that reports what it inherited
 *
 * Its headers ask for a stack that is not executable, as current programs do,
 * so only its parent can make its memory executable.
 */
#include <linux/personality.h>

#include "probe.h"

static int heap_is_executable(void)
{
	static char maps[4096];
	char *line, *heap;
	ssize_t len, done = 0;
	int fd;

	if (sbrk(4096) == (void *)-1)
		return 0;
	fd = open("/proc/self/maps", O_RDONLY);
	if (fd < 0)
		return 0;
	while ((len = read(fd, maps + done, sizeof(maps) - 1 - done)) > 0)
		done += len;
	close(fd);
	for (heap = maps; *heap && strncmp(heap, "[heap]", 6); heap++)
		;
	if (!*heap)
		return 0;
	for (line = heap; line > maps && line[-1] != '\n'; line--)
		;
	/* ADDRESS-ADDRESS rwxp */
	line = strchr(line, ' ');
	return line && line[3] == 'x';
}

int main(void)
{
	int code = PROBE_RAN;

	if (syscall(__NR_personality, 0xffffffff) & READ_IMPLIES_EXEC)
		code += PROBE_PERSONALITY;
	if (heap_is_executable())
		code += PROBE_HEAP;
	return code;
}
