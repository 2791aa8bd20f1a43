/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IPE_SELFTEST_INTERPRETED_H
#define IPE_SELFTEST_INTERPRETED_H

/* The interpreter that the program "interpreted" asks for. */
#define INTERPRETER_PATH "/tmp/ipe-interpreter"

/* The address of its own mappings, and a length that covers them. */
#define PROGRAM_ADDRESS 0x10000000UL
#define PROGRAM_ROOM 0x100000UL

/* The address of a forged interpreter's memory, far from other mappings. */
#define INTERPRETER_MEMORY 0x20000000UL

#endif /* IPE_SELFTEST_INTERPRETED_H */
