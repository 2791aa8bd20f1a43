/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a kernel as the parser of the C implementation needs.
 *
 * Every <linux/...> that its sources include leads here.
 */
#ifndef IPE_TEST_KERNEL_H
#define IPE_TEST_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef int gfp_t;

#define __user
#define __init
#define noinline
#define unlikely(x) (x)
#define likely(x) (x)
#define fallthrough __attribute__((fallthrough))
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)

/* Errors in pointers. */
#define IS_ERR(p) ((unsigned long)(p) >= -4095UL)
#define IS_ERR_OR_NULL(p) (!(p) || IS_ERR(p))
#define ERR_PTR(e) ((void *)(long)(e))
#define PTR_ERR(p) ((long)(p))

/* Memory. */
#define GFP_KERNEL 0
#define kmalloc(size, flags) malloc((size) + 1)
#define kzalloc(size, flags) calloc(1, (size) + 1)
#define kzalloc_obj(object) calloc(1, sizeof(object))
#define kfree(p) free((void *)(p))
#define kstrndup(s, n, flags) strndup(s, n)

static inline char *kmemdup_nul(const char *s, size_t length, gfp_t flags)
{
	char *copy = calloc(1, length + 1);

	(void)flags;
	return copy ? memcpy(copy, s, length) : NULL;
}

/* Lists. */
struct list_head {
	struct list_head *next, *prev;
};

#define INIT_LIST_HEAD(list) ((list)->next = (list)->prev = (list))
#define list_empty(list) ((list)->next == (list))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define list_for_each_entry_safe(pos, n, head, member)                              \
	for (pos = container_of((head)->next, typeof(*pos), member),                \
	    n = container_of(pos->member.next, typeof(*pos), member);               \
	     &pos->member != (head);                                                \
	     pos = n, n = container_of(n->member.next, typeof(*n), member))

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	new->prev = head->prev;
	new->next = head;
	head->prev->next = new;
	head->prev = new;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

/* Characters: the tables of lib/ctype.c, by the bits of include/linux/ctype.h. */
#define _U 0x01
#define _L 0x02
#define _D 0x04
#define _C 0x08
#define _P 0x10
#define _S 0x20
#define _X 0x40
#define _SP 0x80
extern const unsigned char _ctype[];
#define isspace(c) ((_ctype[(unsigned char)(c)] & _S) != 0)
#define isdigit(c) ((c) >= '0' && (c) <= '9')
#define isxdigit(c) ((_ctype[(unsigned char)(c)] & (_D | _X)) != 0)
#define _tolower(c) ((c) | 0x20)
#define tolower(c) ((c) >= 'A' && (c) <= 'Z' ? (c) | 0x20 : (c))

/* Numbers: lib/kstrtox.c. */
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtou16(const char *s, unsigned int base, u16 *res);
#define simple_strtol strtol
#define simple_strtoul strtoul

/* Tokens: lib/parser.c. */
#define MAX_OPT_ARGS 3
typedef struct {
	char *from;
	char *to;
} substring_t;
struct match_token {
	int token;
	const char *pattern;
};
typedef struct match_token match_table_t[];
int match_token(char *s, const match_table_t table, substring_t args[]);
char *match_strdup(const substring_t *s);
size_t match_strlcpy(char *dest, const substring_t *src, size_t size);

/* Digits: what lib/hexdump.c says of them. */
static inline int hex2bin(u8 *dst, const char *src, size_t count)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t i;

	for (i = 0; i < 2 * count; i++) {
		const char *digit = src[i] ? strchr(digits, src[i]) : NULL;

		if (!digit)
			return -EINVAL;
		dst[i / 2] = dst[i / 2] << 4 | ((digit - digits) & 0xf);
	}
	return 0;
}

/* Declared, but not used. */
struct audit_buffer;
struct inode;
struct mutex;
#define audit_log_untrustedstring(ab, s)
#define audit_log_format(ab, ...)
#define audit_log_n_hex(ab, s, n)

#endif
