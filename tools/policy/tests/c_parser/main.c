// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parses policies with the C implementation: reads lengths (four bytes, low one first) and texts,
 * and writes for each the errno of the parser, 0 if it takes the text, as a line.
 */
#include "parse.h"

int main(void)
{
	static char text[1 << 22];
	unsigned char length[4];

	while (fread(length, sizeof(length), 1, stdin) == 1) {
		size_t size = length[0] | length[1] << 8 | length[2] << 16;

		if (size > sizeof(text) || fread(text, 1, size, stdin) != size)
			return 1;
		printf("%d\n", parse(text, size));
	}
	return 0;
}
