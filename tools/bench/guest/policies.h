/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE benchmark - the policies, and the cost of loading them
 */
#ifndef IPE_BENCH_POLICIES_H
#define IPE_BENCH_POLICIES_H

#include "bench.h"

/* A line of policies/list; the name is also that of the file. */
struct policy {
	char family[32];
	unsigned long rules;
	char name[64];
};

/* Calls a function for each policy of a family, or of all families. */
void policies_each(const char *family, void (*call)(const struct policy *));

/* Reads the signed message. */
void policy_read(const struct policy *policy, struct blob *message);

/* Makes it active in place of another. Returns a negative errno if it cannot be loaded. */
int policy_enforce(const struct policy *policy);

void loading_costs(void);
void loading_memory(void);
void activation_costs(void);

#endif /* IPE_BENCH_POLICIES_H */
