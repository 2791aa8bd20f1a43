/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the machine's pool of huge pages
 */
#ifndef IPE_SELFTEST_HUGE_PAGE_H
#define IPE_SELFTEST_HUGE_PAGE_H

#include "common.h"

#define POOL "/proc/sys/vm/nr_hugepages"
/* Each process has one mapping at a time; shared memory needs a page until it is removed. */
#define POOL_PAGES 4

/* The size of a huge page, 0 if the machine has none. */
static size_t huge_page;
static char pool_before[32];

static inline size_t huge_page_size(void)
{
	size_t kib = 0;
	char text[8192], *at;

	if (read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "\nHugepagesize:");
	return at && sscanf(at, "\nHugepagesize: %zu kB", &kib) == 1 ?
		       kib * 1024 :
		       0;
}

/* Fills the pool.  Without one, huge_page remains 0. */
static inline void huge_pool_fill(void)
{
	char wanted[16], text[sizeof(pool_before)];

	if (read_file(POOL, pool_before, sizeof(pool_before)) <= 0)
		return;
	snprintf(wanted, sizeof(wanted), "%d", POOL_PAGES);
	if (!write_string(POOL, wanted) &&
	    read_file(POOL, text, sizeof(text)) > 0 && atoi(text) >= POOL_PAGES)
		huge_page = huge_page_size();
}

static inline void huge_pool_restore(void)
{
	if (*pool_before)
		write_string(POOL, pool_before);
}

#endif /* IPE_SELFTEST_HUGE_PAGE_H */
