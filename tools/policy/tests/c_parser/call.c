// SPDX-License-Identifier: GPL-2.0-only
/* The parser of the C implementation, for a program in another language. */
#include "parse.h"

int ipe_c_parse(const char *text, size_t length)
{
	return parse(text, length);
}

/*
 * Called only by functions that nothing here calls, but the fuzzer's tables keep
 * those in the program.
 */
#define NOT_CALLED(name) void name(void) { abort(); }
NOT_CALLED(copy_from_user)
NOT_CALLED(int_pow)
NOT_CALLED(kstrtol)
NOT_CALLED(kstrtoul)
