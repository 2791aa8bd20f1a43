// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policy, mode and seal in the log of IMA
 *
 * Needs ima_policy=critical_data on the command line, and is the only program of
 * its guest: the last test seals.
 */
#include <ctype.h>

#include "harness.h"

#define IMA_LOG "/sys/kernel/security/integrity/ima/ascii_runtime_measurements"
#define ACTIVE IPE_PREFIX "_active"
#define OTHER IPE_PREFIX "_other"
#define ALLOW "DEFAULT action=ALLOW\n"

struct event {
	unsigned long long boot, count;
	char text[4096];
};

/* An event of IPE; the last one, or that with this place. Returns how many there are. */
static int find_event(int wanted, struct event *event)
{
	static char log[1 << 20];
	char *line, *rest = log, *hex;
	int found = 0, size;
	unsigned int byte;

	if (read_file(IMA_LOG, log, sizeof(log)) < 0)
		return -1;
	while ((line = strsep(&rest, "\n"))) {
		hex = strstr(line, " ipe-state ");
		if (!hex || !strstr(line, " ima-buf "))
			continue;
		if (found++ != wanted && wanted >= 0)
			continue;
		hex += strlen(" ipe-state ");
		for (size = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2)
			event->text[size++] = byte;
		event->text[size] = '\0';
		if (sscanf(event->text, "boot=%16llx count=%llu ", &event->boot,
			   &event->count) != 2)
			return -1;
	}
	return found;
}

static int last_event(struct event *event)
{
	return find_event(-1, event);
}

/* The fields that follow boot= and count= in the event of a policy. */
static const char *state(const char *name, int enforcing, int sealed)
{
	static char text[1024];
	char version[32], digest[65], *digit;
	struct blob message = {};

	message.data = malloc(8192);
	if (!message.data)
		return "no memory";
	message.len = read_file(policy_file(name, "pkcs7"), message.data, 8192);
	if ((ssize_t)message.len < 0 ||
	    read_file(policy_file(name, "version"), version, sizeof(version)) < 0)
		return "no policy";
	sign_sha256(message.data, message.len, digest);
	blob_free(&message);
	for (digit = digest; *digit; digit++)
		*digit = tolower(*digit);
	snprintf(text, sizeof(text),
		 " enforcing=%d sealed=%d origin=signed policy_version=%s "
		 "policy_digest=sha256:%s policy_name=%s",
		 enforcing, sealed, version, digest, name);
	return text;
}

/* There is one more event than before, and it says this. */
static void expect_event(struct __test_metadata *_metadata, int before,
			 const char *state)
{
	struct event last, previous;
	const int number = last_event(&last);
	const char *text;

	ASSERT_EQ(before + 1, number);
	text = strstr(last.text, " enforcing=");
	ASSERT_NE(NULL, text);
	EXPECT_STREQ(state, text);
	if (!before)
		return;
	ASSERT_EQ(number, find_event(number - 2, &previous));
	EXPECT_EQ(previous.boot, last.boot);
	EXPECT_EQ(previous.count + 1, last.count);
}

FIXTURE(measured)
{
	struct ipe_version version;
	int before;
};

FIXTURE_SETUP(measured)
{
	struct event last;

	ASSERT_EQ(0, ipe_reset());
	self->version = ipe_version();
	ASSERT_EQ(0, policy_load(ACTIVE, &self->version, ALLOW));
	self->version.rev++;
	self->before = last_event(&last);
	ASSERT_LE(0, self->before);
}

FIXTURE_TEARDOWN(measured)
{
}

static void expect_none(struct __test_metadata *_metadata, int before)
{
	struct event last;

	EXPECT_EQ(before, last_event(&last));
}

/* A boot policy is there before userspace can write anything. */
TEST(first_event)
{
	struct event first;

	ASSERT_LE(1, find_event(0, &first));
	EXPECT_EQ(1, first.count);
	if (getenv("IPE_TEST_BOOT_POLICY")) {
		EXPECT_NE(NULL, strstr(first.text, " enforcing=1 sealed=0 "
						   "origin=builtin "));
		EXPECT_NE(NULL, strstr(first.text, " policy_name=ksft_boot"));
	} else {
		EXPECT_NE(NULL, strstr(first.text, " origin=signed "));
	}
}

TEST_F(measured, activation)
{
	ASSERT_EQ(0, policy_activate(ACTIVE));
	expect_event(_metadata, self->before, state(ACTIVE, 1, 0));
	/* Again, it changes nothing. */
	ASSERT_EQ(0, policy_activate(ACTIVE));
	expect_none(_metadata, self->before + 1);
}

TEST_F(measured, what_does_not_decide)
{
	ASSERT_EQ(0, policy_update(ACTIVE, &self->version, ALLOW));
	ASSERT_EQ(0, policy_load(OTHER, NULL, ALLOW));
	ASSERT_EQ(0, policy_delete(OTHER));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "0"));
	expect_none(_metadata, self->before);
}

TEST_F(measured, update_of_the_active_policy)
{
	ASSERT_EQ(0, policy_activate(ACTIVE));
	ASSERT_EQ(0, policy_update(ACTIVE, &self->version, ALLOW));
	expect_event(_metadata, self->before + 1, state(ACTIVE, 1, 0));
}

TEST_F(measured, refused_activation)
{
	struct ipe_version higher = self->version;

	higher.rev++;
	ASSERT_EQ(0, policy_load(OTHER, &higher, ALLOW));
	ASSERT_EQ(0, policy_activate(OTHER));
	EXPECT_EQ(-ESTALE, policy_activate(ACTIVE));
	expect_event(_metadata, self->before, state(OTHER, 1, 0));
}

TEST_F(measured, mode)
{
	ASSERT_EQ(0, policy_activate(ACTIVE));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	expect_event(_metadata, self->before + 1, state(ACTIVE, 0, 0));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	expect_none(_metadata, self->before + 2);
	/* The state is an earlier one, the event is not. */
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "1"));
	expect_event(_metadata, self->before + 2, state(ACTIVE, 1, 0));
}

TEST_F(measured, seal)
{
	ASSERT_EQ(0, policy_activate(ACTIVE));
	ASSERT_EQ(0, write_string(IPE_ROOT "/seal", "1"));
	expect_event(_metadata, self->before + 1, state(ACTIVE, 1, 1));
	EXPECT_EQ(-EPERM, write_string(IPE_ENFORCE, "0"));
	expect_none(_metadata, self->before + 2);
}

/* Whether IMA measures critical data, which is what this program is about. */
static const char *missing(void)
{
	static char line[4096];

	if (read_file("/proc/cmdline", line, sizeof(line)) < 0 ||
	    !strstr(line, "ima_policy=critical_data"))
		return "ima_policy=critical_data is not on the command line";
	return access(IMA_LOG, R_OK) ? "this kernel has no IMA" : NULL;
}

int main(int argc, char **argv)
{
	const char *reason = ipe_unavailable() ?: missing();

	if (reason) {
		ksft_print_header();
		ksft_exit_skip("%s\n", reason);
	}
	if (ipe_reset()) {
		ksft_print_header();
		ksft_exit_fail_msg("IPE cannot be reset\n");
	}
	harness_be_patient();
	return test_harness_run(argc, argv);
}
