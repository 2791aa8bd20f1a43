// SPDX-License-Identifier: GPL-2.0-only
/* The parser of the C implementation, for a program in another language. */
#include "parse.h"

int ipe_c_parse(const char *text, size_t length)
{
	return parse(text, length);
}
