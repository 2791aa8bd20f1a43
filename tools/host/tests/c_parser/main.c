// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parses policies with the C implementation: reads lengths (four bytes, low one first) and texts,
 * and writes for each the errno of the parser, 0 if it takes the text, as a line.
 */
#include "kernel.h"
#include "policy.h"
#include "policy_parser.h"

int main(void)
{
	static char text[1 << 16];
	unsigned char length[4];

	while (fread(length, sizeof(length), 1, stdin) == 1) {
		struct ipe_policy policy = { .text = text };
		int rc;

		policy.textlen = length[0] | length[1] << 8 | length[2] << 16;
		if (policy.textlen > sizeof(text) ||
		    fread(text, 1, policy.textlen, stdin) != policy.textlen)
			return 1;
		rc = ipe_parse_policy(&policy);
		if (!rc)
			ipe_free_parsed_policy(policy.parsed);
		printf("%d\n", -rc);
	}
	return 0;
}
