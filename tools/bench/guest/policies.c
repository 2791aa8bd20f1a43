// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE benchmark - the policies
 */
#include <limits.h>

#include "policies.h"

void policies_each(const char *family, void (*call)(const struct policy *))
{
	char path[PATH_MAX], line[256];
	struct policy policy;
	FILE *list;

	list = fopen(test_path(path, sizeof(path), "policies/list"), "r");
	if (!list)
		fail("no list of policies");
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%31s %lu %63s", policy.family, &policy.rules,
			   policy.name) != 3)
			fail("what is '%s'?", line);
		if (!family || !strcmp(policy.family, family))
			call(&policy);
		fflush(stdout);
	}
	fclose(list);
}

void policy_read(const struct policy *policy, struct blob *message)
{
	char path[PATH_MAX], file[128];

	snprintf(file, sizeof(file), "policies/%s", policy->name);
	must(blob_read(test_path(path, sizeof(path), file), message), file);
}

int policy_enforce(const struct policy *policy)
{
	static char previous[64];
	struct blob message;
	int err;

	policy_read(policy, &message);
	err = policy_submit(IPE_NEW_POLICY, message.data, message.len);
	blob_free(&message);
	if (err)
		return err;
	must(policy_activate(policy->name), "activation");
	if (previous[0])
		must(policy_delete(previous), "removal of a policy");
	snprintf(previous, sizeof(previous), "%s", policy->name);
	return 0;
}
