/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_CODE_H
#define SCENARIO_CODE_H

#include <string.h>

/* Machine code that returns, and machine code that returns 0. */
#if defined(__x86_64__) || defined(__i386__)
#define CODE_RETURN { 0xc3 }
#define CODE_RETURN_0 { 0x31, 0xc0, 0xc3 } /* xor %eax,%eax; ret */
#elif defined(__aarch64__)
#define CODE_RETURN { 0xc0, 0x03, 0x5f, 0xd6 }
#define CODE_RETURN_0 { 0xe0, 0x03, 0x1f, 0x2a, 0xc0, 0x03, 0x5f, 0xd6 } /* mov w0, wzr; ret */
#endif

/* Writes the code that returns. */
static inline void write_code(unsigned char *memory)
{
	static const unsigned char code[] = CODE_RETURN;

	memcpy(memory, code, sizeof(code));
	__builtin___clear_cache((char *)memory, (char *)memory + sizeof(code));
}

#endif
