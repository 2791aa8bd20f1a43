// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - where a message ends, by its header or its trailer
 */
#include "pieces.h"

/* The first bytes of a DER message give its length. */
FIXTURE(header)
{
};

FIXTURE_VARIANT(header)
{
	const char *bytes;
	size_t len;
	/* The result of the write; if 0, close(2) returns EBADMSG. */
	int error;
};

#define HEADER(id, string, errno_)                                          \
	FIXTURE_VARIANT_ADD(header, id)                                     \
	{                                                                   \
		.bytes = string, .len = sizeof(string) - 1, .error = errno_ \
	}

HEADER(tag, "\x30", 0);
HEADER(short_length, "\x30\x7f", 0);
HEADER(no_content, "\x30\x00", -EBADMSG);
HEADER(short_complete, "\x30\x02\x05\x00", -EBADMSG);
HEADER(one_byte, "\x30\x81\xff", 0);
HEADER(two_bytes_begun, "\x30\x82\x01", 0);
HEADER(two_bytes, "\x30\x82\x01\x00", 0);
HEADER(three_bytes, "\x30\x83\x01\x00\x00", 0);
HEADER(four_bytes, "\x30\x84\x00\x10\x00\x00", 0);
HEADER(largest, "\x30\x84\x00\xff\xff\xfa", 0);
HEADER(too_large, "\x30\x84\x00\xff\xff\xfb", -EFBIG);
HEADER(far_too_large, "\x30\x84\xff\xff\xff\xff", -EFBIG);
HEADER(five_bytes, "\x30\x85\x00\x00\x00\x01\x00", -EBADMSG);
HEADER(nine_bytes, "\x30\x89\x01\x00\x00\x00\x00\x00\x00\x00\x01", -EBADMSG);
HEADER(indefinite, "\x30\x80", -EBADMSG);
HEADER(reserved, "\x30\xff", -EBADMSG);

RESET_AROUND(header)

TEST_F(header, alone)
{
	char before[65];
	int fd;

	ASSERT_EQ(0, ipe_snapshot(before));
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(variant->error, write_fd(fd, variant->bytes, variant->len));
	if (variant->error) {
		EXPECT_EQ(0, close(fd));
	} else {
		EXPECT_EQ(-1, close(fd));
		EXPECT_EQ(EBADMSG, errno);
	}
	expect_unchanged(_metadata, before);
}

/* Invalid trailers: the message does not become complete. */
FIXTURE(trailer)
{
	struct blob policy;
};

FIXTURE_VARIANT(trailer)
{
	/* The byte that is replaced, counted from the end, and its new value. */
	unsigned int from_end;
	unsigned char byte;
	/* Or a number that is added to the length of the signature. */
	int more;
	bool all;
	/* The kernel parses the signature, and refuses it. */
	bool looked_at;
};

#define AT(offset) (MAGIC + TRAILER - (offset))
#define TRAILER_BYTE(id, offset, value)                                     \
	FIXTURE_VARIANT_ADD(trailer, id)                                    \
	{                                                                   \
		.from_end = AT(offset), .byte = value                       \
	}

TRAILER_BYTE(algorithm, 0, 1);
TRAILER_BYTE(hash, 1, 4);
TRAILER_BYTE(id_type_pgp, 2, 0);
TRAILER_BYTE(id_type_x509, 2, 1);
TRAILER_BYTE(id_type_unknown, 2, 3);
TRAILER_BYTE(signer_length, 3, 1);
TRAILER_BYTE(key_id_length, 4, 1);
TRAILER_BYTE(padding_first, 5, 1);
TRAILER_BYTE(padding_middle, 6, 1);
TRAILER_BYTE(padding_last, 7, 1);
TRAILER_BYTE(length_huge, 8, 0xff);
TRAILER_BYTE(length_large, 9, 0x80);
TRAILER_BYTE(magic_first, TRAILER, '-');
TRAILER_BYTE(magic_case, TRAILER + 1, 'm');
TRAILER_BYTE(magic_newline, TRAILER + MAGIC - 1, '\r');
FIXTURE_VARIANT_ADD(trailer, length_all) { .all = true };
FIXTURE_VARIANT_ADD(trailer, length_less) { .more = -1, .looked_at = true };
FIXTURE_VARIANT_ADD(trailer, length_more) { .more = 1, .looked_at = true };

FIXTURE_SETUP(trailer)
{
	unsigned char *length;
	unsigned int old;

	ASSERT_EQ(0, prepare(NEW_POLICY, SIGN_APPENDED, &self->policy));
	length = self->policy.data + self->policy.len - AT(8);
	old = length[2] << 8 | length[3];
	if (variant->all)
		old = self->policy.len - MAGIC - TRAILER;
	old += variant->more;
	length[2] = old >> 8;
	length[3] = old;
	if (variant->from_end)
		self->policy.data[self->policy.len - variant->from_end] =
			variant->byte;
}

RESET_AFTER(trailer)

TEST_F(trailer, refused)
{
	char before[65];
	int fd, err;

	ASSERT_EQ(0, ipe_snapshot(before));
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	err = write_fd(fd, self->policy.data, self->policy.len);
	if (variant->looked_at) {
		EXPECT_EQ(-EBADMSG, err);
		EXPECT_EQ(0, close(fd));
	} else {
		EXPECT_EQ(0, err);
		EXPECT_EQ(-1, close(fd));
		EXPECT_EQ(EBADMSG, errno);
	}
	expect_unchanged(_metadata, before);
}

/* The magic within the text, at the end of a piece. */
TEST(magic_in_text)
{
	static const char magic[] = "~Module signature appended~\n";
	struct blob policy;
	unsigned char *at;
	size_t first;
	int fd;

	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_sign(&policy, NAME, &version,
				 RULES "# ~Module signature appended~\n"
				       "DEFAULT op=EXECUTE action=ALLOW\n",
				 SIGN_APPENDED));
	at = memmem(policy.data, policy.len, magic, strlen(magic));
	ASSERT_NE(NULL, at);
	first = at - policy.data + strlen(magic);
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, policy_delete(NAME));
	/* In two pieces, the first of which ends in the magic. */
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_fd(fd, policy.data, first));
	EXPECT_EQ(0, write_fd(fd, policy.data + first, policy.len - first));
	EXPECT_EQ(0, close(fd));
	EXPECT_TRUE(is_loaded());
	blob_free(&policy);
	EXPECT_EQ(0, ipe_reset());
}

IPE_TEST_MAIN(no_setup, no_teardown)
