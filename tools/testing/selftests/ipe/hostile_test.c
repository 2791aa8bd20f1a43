// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - hostile names, texts and messages
 */
#include <ctype.h>

#include "audit.h"
#include "harness.h"

#define NAME IPE_PREFIX "_hostile"
#define HEADER "policy_name=" NAME " policy_version=1.2.3\n"
#define DEFAULTS "DEFAULT action=ALLOW\n"
#define TEXT HEADER DEFAULTS
/* An emulated machine that shares its processors is slow. */
#define LIMIT 300

/* The kernel's log, from a given moment on. */

static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/*
 * Reads the new lines of the log. Counts those of IPE, and those with a
 * character that a terminal could interpret: the kernel shows such characters
 * as "\xNN".
 */
static void log_read(int fd, unsigned int *ours, unsigned int *unclean)
{
	char record[8192], *line, *end;
	ssize_t len;

	*ours = 0;
	*unclean = 0;
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = '\0';
		line = strchr(record, ';');
		end = line ? strchr(line, '\n') : NULL;
		if (!end)
			continue;
		*end = '\0';
		*ours += !strncmp(line, ";ipe: ", 6);
		*unclean += strstr(line, "\\x") != NULL;
	}
}

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if (!isprint((unsigned char)*text))
			return false;
	return true;
}

static void to_hex(char *to, const char *from)
{
	for (; *from; from++, to += 2)
		sprintf(to, "%02X", (unsigned char)*from);
}

/* Names. */

FIXTURE(name)
{
	int audit, log;
};

FIXTURE_VARIANT(name)
{
	const char *name;
};

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

#define GOOD_NAME(id, text) FIXTURE_VARIANT_ADD(name, id) { .name = text }

/* clang-format off */
GOOD_NAME(bytes_255, "ksft_" FIFTY FIFTY FIFTY FIFTY FIFTY);
GOOD_NAME(escape_sequences, "ksft\x1b[2J\x1b]0;title\x07\x1b[31m");
GOOD_NAME(backspaces, "ksft\b\b\b\b\b\b\b\bres=1");
GOOD_NAME(a_field, "ksft\"lsm=ipe\"res=1");
GOOD_NAME(not_utf8, "ksft\xff\xfe\x80\xc0\xaf");
GOOD_NAME(utf8, "ksft\xe2\x80\xae\xf0\x9f\x94\x93");
GOOD_NAME(c1_controls, "ksft\xc2\x9b" "2J\x9b" "2J");
GOOD_NAME(formats, "ksft%s%n%p%d%%");
GOOD_NAME(dots, "ksft..");
GOOD_NAME(shell, "ksft$(reboot)`reboot`;reboot|&*?~");
/* All but NUL, white space, '/', and '#', where a comment begins. */
GOOD_NAME(every_byte, "ksft"
	"\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"
	"\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f!\"$%&'()*+,-.:;<=>?@[\\]^_`{|}~"
	"\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
	"\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0"
	"\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1"
	"\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf\xc0\xc1\xc2"
	"\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3"
	"\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf\xe0\xe1\xe2\xe3\xe4"
	"\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5"
	"\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff");
/* clang-format on */

FIXTURE_SETUP(name)
{
	ASSERT_EQ(0, ipe_reset());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
	self->log = log_open();
	ASSERT_LE(0, self->log);
}

RESET_AFTER(name)

/*
 * The name is that of a directory. Records and the kernel's log show it in a
 * form that cannot be confused with the kernel's own words.
 */
TEST_F(name, shown)
{
	char shown[1100] = "\"", expected[1200], got[1024];
	const bool quoted = is_clean(variant->name) &&
			    !strchr(variant->name, '"');
	struct audit_record record;
	unsigned int ours, unclean;

	if (quoted)
		sprintf(shown, "\"%s\" ", variant->name);
	else
		to_hex(shown, variant->name);
	strcat(shown, quoted ? "" : " ");

	ASSERT_EQ(0, policy_load(variant->name, NULL, DEFAULTS));
	ASSERT_EQ(strlen(variant->name),
		  read_file(policy_file(variant->name, "name"), got,
			    sizeof(got)));
	EXPECT_STREQ(variant->name, got);
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_POLICY_LOAD, &record));
	sprintf(expected, "policy_name=%s", shown);
	EXPECT_EQ(0, strncmp(record.text, expected, strlen(expected)))
	{
		TH_LOG("%s", record.text);
	}
	EXPECT_TRUE(is_clean(record.text));

	ASSERT_EQ(0, policy_activate(variant->name));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_CONFIG_CHANGE, &record));
	sprintf(expected, " new_active_pol_name=%s", shown);
	EXPECT_NE(NULL, strstr(record.text, expected))
	{
		TH_LOG("%s", record.text);
	}
	EXPECT_TRUE(is_clean(record.text));

	/* Refused, because the name is taken. */
	EXPECT_EQ(-EEXIST, policy_load(variant->name, NULL, DEFAULTS));
	log_read(self->log, &ours, &unclean);
	EXPECT_LT(0, ours);
	EXPECT_EQ(0, unclean);
	audit_close(self->audit);
	close(self->log);
}

/* Refused texts, whose invalid part tries to get into the log. */
FIXTURE(text)
{
	int audit, log;
};

FIXTURE_VARIANT(text)
{
	const char *text;
};

#define EVIL "\x1b[2J\x07\xff\xc2\x9b\"res=1\r"
#define BAD_TEXT(id, ...) FIXTURE_VARIANT_ADD(text, id) { .text = __VA_ARGS__ }

/* clang-format off */
BAD_TEXT(header, EVIL TEXT);
BAD_TEXT(version, "policy_name=" NAME " policy_version=1.2." EVIL "\n" DEFAULTS);
BAD_TEXT(after_header, "policy_name=" NAME " policy_version=1.2.3 " EVIL "\n" DEFAULTS);
BAD_TEXT(operation, TEXT "op=" EVIL " action=DENY\n");
BAD_TEXT(property, TEXT "op=EXECUTE " EVIL "=TRUE action=DENY\n");
BAD_TEXT(value, TEXT "op=EXECUTE boot_verified=" EVIL " action=DENY\n");
BAD_TEXT(digest, TEXT "op=EXECUTE fsverity_digest=sha256:" EVIL " action=DENY\n");
BAD_TEXT(action, TEXT "op=EXECUTE action=" EVIL "\n");
BAD_TEXT(statement, TEXT EVIL "\n");
BAD_TEXT(line_of_log, TEXT "op=EXECUTE\n[    0.000000] ipe: all is well\n");
/* clang-format on */

FIXTURE_SETUP(text)
{
	ASSERT_EQ(0, ipe_reset());
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
	self->log = log_open();
	ASSERT_LE(0, self->log);
}

RESET_AFTER(text)

TEST_F(text, refused)
{
	struct audit_record record;
	unsigned int ours, unclean;

	EXPECT_GT(0, policy_submit_text(IPE_NEW_POLICY, variant->text,
					strlen(variant->text), SIGN_DER));
	EXPECT_FALSE(policy_exists(NAME));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_TRUE(is_clean(record.text))
	{
		TH_LOG("%s", record.text);
	}
	EXPECT_EQ(NULL, strstr(record.text, "res=1"));
	EXPECT_NE(NULL, strstr(record.text, " res=0 errno="));
	log_read(self->log, &ours, &unclean);
	EXPECT_LT(0, ours);
	EXPECT_EQ(0, unclean);
	audit_close(self->audit);
	close(self->log);
}

/* Messages that end too early, at every length. */
FIXTURE(cut)
{
	struct blob message;
};

FIXTURE_VARIANT(cut)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(cut, der) { .flags = SIGN_DER };
FIXTURE_VARIANT_ADD(cut, appended) { .flags = SIGN_APPENDED };
FIXTURE_VARIANT_ADD(cut, with_attributes) { .flags = SIGN_ATTRIBUTES };

FIXTURE_SETUP(cut)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), variant->flags,
			       &self->message));
}

RESET_AFTER(cut)

TEST_F_TIMEOUT(cut, anywhere, LIMIT)
{
	size_t len;

	for (len = 0; len < self->message.len; len++) {
		EXPECT_EQ(-EBADMSG, policy_submit(IPE_NEW_POLICY,
						  self->message.data, len))
		{
			TH_LOG("after %zu of %zu bytes", len,
			       self->message.len);
		}
		if (!__test_passed(_metadata))
			return;
	}
	EXPECT_FALSE(policy_exists(NAME));
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, self->message.data,
				   self->message.len));
}

/*
 * The same with a matching length in the header: the message is complete, but
 * its content is not.
 */
TEST_F_TIMEOUT(cut, with_length, LIMIT)
{
	size_t len;

	if (variant->flags & SIGN_APPENDED)
		SKIP(return, "it has no header");
	/* 30 82 and two bytes of length. */
	ASSERT_EQ(0x82, self->message.data[1]);
	for (len = 130; len < self->message.len; len++) {
		self->message.data[2] = (len - 4) >> 8;
		self->message.data[3] = len - 4;
		EXPECT_GT(0, policy_submit(IPE_NEW_POLICY, self->message.data,
					   len))
		{
			TH_LOG("after %zu of %zu bytes", len,
			       self->message.len);
		}
		if (!__test_passed(_metadata))
			return;
	}
	EXPECT_FALSE(policy_exists(NAME));
}

IPE_TEST_MAIN(audit_setup, audit_teardown)
