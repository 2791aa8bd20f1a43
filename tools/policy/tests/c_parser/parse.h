/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IPE_TEST_PARSE_H
#define IPE_TEST_PARSE_H

#include "kernel.h"
#include "policy.h"
#include "policy_parser.h"

/* Returns the errno of the parser, 0 if it takes the text. */
static int parse(const char *text, size_t length)
{
	struct ipe_policy policy = { .text = text, .textlen = length };
	int rc = ipe_parse_policy(&policy);

	if (!rc)
		ipe_free_parsed_policy(policy.parsed);
	return -rc;
}

#endif
