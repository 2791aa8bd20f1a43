// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - each combination of mode, trial, loading by path and operations
 * that a policy need not name; seal_test has those with the seal, and
 * boot_policy_test those with a boot policy
 */
#include "combination.h"
#include "stage.h"

#define ACTIVE IPE_PREFIX "_combined"

static struct combination_files files;

FIXTURE(combination)
{
};

FIXTURE_VARIANT(combination)
{
	bool permissive;
	/* The policies are loaded by their paths. */
	bool active_from_file, trial_from_file;
};

/* clang-format off */
#define COMBINATION(id, ...) FIXTURE_VARIANT_ADD(combination, id) { __VA_ARGS__ }
COMBINATION(enforcing);
COMBINATION(enforcing_active_from_file, .active_from_file = true);
COMBINATION(enforcing_trial_from_file, .trial_from_file = true);
COMBINATION(enforcing_both_from_files, .active_from_file = true, .trial_from_file = true);
COMBINATION(permissive, .permissive = true);
COMBINATION(permissive_active_from_file, .permissive = true, .active_from_file = true);
COMBINATION(permissive_trial_from_file, .permissive = true, .trial_from_file = true);
COMBINATION(permissive_both_from_files, .permissive = true, .active_from_file = true, .trial_from_file = true);
/* clang-format on */

RESET_AROUND(combination)

/* Loads a policy, with a signature or by its path. */
static int load(const char *name, const char *rules, bool from_file)
{
	char path[PATH_MAX];
	int err;

	if (!from_file)
		return policy_load(name, NULL, rules);
	snprintf(path, sizeof(path), "%s",
		 stage_path(PLACE_INITRAMFS, "combination.pol"));
	err = origin_write(path, name, NULL, rules) ?: origin_load(path);
	unlink(path);
	return err;
}

static int set_up(const struct combination *it, bool active_from_file,
		  bool trial_from_file)
{
	char rules[512];
	int err;

	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\n"
		 "op=EXECUTE boot_verified=FALSE action=DENY\n"
		 "op=POLICY boot_verified=TRUE action=ALLOW\n"
		 "op=POLICY action=DENY\n%s",
		 named_rules[it->active]);
	err = ipe_reset();
	if (!err && active_from_file)
		err = policy_enforce_rules(FROM("boot_verified=TRUE"));
	err = err ?: load(ACTIVE, rules, active_from_file);
	err = err ?: policy_activate(ACTIVE);
	if (!err && !it->enforcing)
		err = write_string(IPE_ENFORCE, "0");
	if (err || !it->trial)
		return err;
	snprintf(rules, sizeof(rules), "%s%s", trial_rules[it->trial],
		 named_rules[it->tried]);
	err = load(COMBINED_TRIAL, rules, trial_from_file);
	return err ?: write_string(policy_file(COMBINED_TRIAL, "trial"), "1");
}

TEST_F_TIMEOUT(combination, each, 600)
{
	struct combination it = { .enforcing = !variant->permissive };
	char state[4];

	NEEDS_PLACE(PLACE_INITRAMFS);
	if (origin_missing())
		SKIP(return, "%s", origin_missing());
	for (it.trial = NO_TRIAL; it.trial <= STRICT; it.trial++) {
		if (it.trial && access(policy_file(ACTIVE, "trial"), F_OK))
			break;
		for (it.active = UNNAMED; it.active <= DENIES; it.active++) {
			for (it.tried = UNNAMED; it.tried <= DENIES;
			     it.tried++) {
				if (!it.trial && it.tried)
					break;
				ASSERT_EQ(0, set_up(&it,
						    variant->active_from_file,
						    variant->trial_from_file));
				expect_combination(_metadata, &it, &files);
				if (!__test_passed(_metadata))
					return;
				if (!it.trial)
					continue;
				/* Promoted, it alone decides. */
				EXPECT_EQ(0, policy_activate(COMBINED_TRIAL));
				EXPECT_EQ(1, read_file(policy_file(COMBINED_TRIAL,
								   "trial"),
						       state, sizeof(state)));
				EXPECT_EQ('0', state[0]);
				EXPECT_EQ(it.enforcing && it.trial == STRICT ?
						  -EACCES :
						  0,
					  try_mmap_path(files.trusted));
				EXPECT_EQ(it.enforcing && it.tried == DENIES ?
						  -EACCES :
						  0,
					  open_own_memory());
			}
		}
	}
}

static const char *missing(void)
{
	if (access(IPE_SEAL, F_OK))
		return "this kernel's IPE has no seal";
	return NULL;
}

static const char *setup(void)
{
	const char *reason = stage_setup();
	char initramfs[PATH_MAX];

	if (reason || stage_missing(PLACE_INITRAMFS))
		return reason;
	snprintf(files.trusted, PATH_MAX, "%s",
		 stage_path(PLACE_INITRAMFS, "probe"));
	snprintf(files.untrusted, PATH_MAX, "%s",
		 stage_path(PLACE_TMPFS, "probe"));
	snprintf(initramfs, sizeof(initramfs), "%s",
		 stage_path(PLACE_INITRAMFS, ""));
	if (combination_prepare(&files, initramfs, stage_dir()))
		return "the policies cannot be written";
	return NULL;
}

static void teardown(void)
{
	combination_clean(&files);
	stage_teardown();
}

IPE_TEST_MAIN_UNLESS(missing(), setup, teardown)
