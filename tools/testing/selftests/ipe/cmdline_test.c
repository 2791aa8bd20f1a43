// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - root hashes that the kernel's command line names
 *
 * The expected results depend on the command line. Without the parameters no
 * rule matches; tools/build/kselftest boots another guest with roothash= of the
 * volume "plain", and usrhash= of two volumes.
 */
#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"

#define NAME IPE_PREFIX "_cmdline"

static const struct ipe_version version = { 1, 0, 0 };

/* How the command line sets a parameter. */
enum state { ABSENT, NAMED, DIFFERENT };

/*
 * The value of "NAME=" or "rd.NAME=" on the command line, if all occurrences
 * agree.
 */
static enum state parameter(const char *name, char value[129])
{
	char line[4097], wanted[32], *word, *rest = line;
	enum state state = ABSENT;
	ssize_t len;

	snprintf(wanted, sizeof(wanted), "%s=", name);
	len = read_file("/proc/cmdline", line, sizeof(line) - 1);
	line[len > 0 ? len : 0] = '\0';
	while ((word = strsep(&rest, " \n"))) {
		if (!strncmp(word, "rd.", 3))
			word += 3;
		if (strncmp(word, wanted, strlen(wanted)))
			continue;
		word += strlen(wanted);
		if (state != ABSENT && strcmp(value, word))
			return DIFFERENT;
		snprintf(value, 129, "%s", word);
		state = NAMED;
	}
	return state;
}

FIXTURE(parameter)
{
	enum state state;
	char value[129];
	/* The result of loading a policy that refers to it. */
	int load;
	/* Why a rule never matches; empty if it can. */
	char reason[128];
};

FIXTURE_VARIANT(parameter)
{
	const char *name;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(parameter, roothash) { .name = "roothash" };
FIXTURE_VARIANT_ADD(parameter, usrhash) { .name = "usrhash" };
FIXTURE_VARIANT_ADD(parameter, dm_mod_create) { .name = "dm-mod.create" };
/* clang-format on */

FIXTURE_SETUP(parameter)
{
	ASSERT_EQ(0, ipe_reset());
	self->state = parameter(variant->name, self->value);
	if (self->state == NAMED)
		return;
	if (ipe_is_strict())
		self->load = -EINVAL;
	snprintf(self->reason, sizeof(self->reason),
		 "the rule never matches: the kernel's command line has %s %s=",
		 self->state == ABSENT ? "no" : "different values of",
		 variant->name);
}

FIXTURE_TEARDOWN_PARENT(parameter)
{
	EXPECT_EQ(0, ipe_reset());
}

/* The rule is in line 3, its property in column 12. */
static const char *rules(const char *name, const char *otherwise,
			 const char *action)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "DEFAULT action=%s\n"
		 "op=EXECUTE dmverity_roothash=cmdline:%s action=%s\n",
		 otherwise, name, action);
	return text;
}

static bool has(enum state state, const char *value, const struct image *image)
{
	return state == NAMED && !strcasecmp(value, image->root);
}

TEST_F(parameter, allows_its_volume)
{
	if (stage_missing(PLACE_DMV_SIGNED))
		SKIP(return, "%s", stage_missing(PLACE_DMV_SIGNED));
	ASSERT_EQ(self->load, policy_enforce_rules(
				      rules(variant->name, "DENY", "ALLOW")));
	if (self->load)
		return;
	EXPECT_EQ(has(self->state, self->value, &stage_dmv) ? 0 : -EACCES,
		  try_execve(stage_path(PLACE_DMV, "probe")));
	EXPECT_EQ(has(self->state, self->value, &stage_dmv_signed) ? 0 : -EACCES,
		  try_execve(stage_path(PLACE_DMV_SIGNED, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
}

TEST_F(parameter, denies_its_volume)
{
	char pattern[512], fields[4352];
	const char *probe;
	int fd;

	if (stage_missing(PLACE_DMV))
		SKIP(return, "%s", stage_missing(PLACE_DMV));
	ASSERT_EQ(self->load, policy_enforce_rules(
				      rules(variant->name, "ALLOW", "DENY")));
	if (self->load)
		return;
	probe = stage_path(PLACE_DMV, "probe");
	EXPECT_EQ(0, try_execve(stage_path(PLACE_TMPFS, "probe")));
	if (!has(self->state, self->value, &stage_dmv)) {
		EXPECT_EQ(0, try_execve(probe));
		return;
	}

	/* The record shows the rule as it is written. */
	ASSERT_EQ(0, audit_enable(true));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, try_execve(probe));
	ASSERT_EQ(0, file_fields(fields, sizeof(fields), probe,
				 stage_device(PLACE_DMV)));
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 .* %.200s "
		 "rule=\"op=EXECUTE dmverity_roothash=cmdline:%s action=DENY\"$",
		 fields, variant->name);
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_ACCESS, pattern, NULL));
	audit_close(fd);
	EXPECT_EQ(0, audit_enable(false));
}

/* The record of the load and the kernel's log say why a rule never matches. */
TEST_F(parameter, warns)
{
	char pattern[512], reason[256] = "";
	int fd;

	ASSERT_EQ(0, audit_enable(true));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->load, policy_load(NAME, &version,
					  rules(variant->name, "ALLOW", "DENY")));
	if (self->state != NAMED) {
		snprintf(reason, sizeof(reason),
			 "%s line=3 column=12 reason=\"%s\"",
			 self->load ? "" : " warnings=1", self->reason);
		snprintf(pattern, sizeof(pattern),
			 "^ipe: policy%s: line 3, column 12: %s$",
			 self->load ? " refused" : "", self->reason);
		EXPECT_LT(0, kernel_logged(pattern));
	}
	snprintf(pattern, sizeof(pattern), "^policy_name=.* errno=%d%s%s$",
		 self->load, reason, self->load ? "" : audit_signer());
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_POLICY_LOAD, pattern, NULL));
	audit_close(fd);
	EXPECT_EQ(0, audit_enable(false));
}

/* securityfs shows the text that was signed. */
TEST_F(parameter, text_is_unchanged)
{
	const char *written = rules(variant->name, "ALLOW", "DENY");
	struct blob text;
	char got[512];

	ASSERT_EQ(self->load, policy_load(NAME, &version, written));
	if (self->load)
		return;
	ASSERT_EQ(0, policy_text(&text, NAME, &version, written));
	ASSERT_EQ(text.len, read_file(policy_file(NAME, "policy"), got,
				      sizeof(got)));
	EXPECT_EQ(0, memcmp(text.data, got, text.len));
	blob_free(&text);
}

/* An unknown parameter is an error, never a warning. */
TEST(unknown_parameter)
{
	ASSERT_EQ(0, ipe_reset());
	EXPECT_EQ(-EINVAL, policy_load(NAME, &version,
				       rules("root", "ALLOW", "DENY")));
	EXPECT_LT(0, kernel_logged("^ipe: policy refused: line 3, column 30: "
				   "unknown parameter of the kernel's command "
				   "line$"));
	EXPECT_FALSE(policy_exists(NAME));
}

IPE_TEST_MAIN_UNLESS(getenv("IPE_TEST_CMDLINE") ? NULL :
		     "the kernel has no CONFIG_IPE_PROP_DM_VERITY_CMDLINE",
		     stage_setup, stage_teardown)
