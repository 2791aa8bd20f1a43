// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies that arrive in several writes, and long ones
 */
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "audit.h"
#include "harness.h"
#include "stage.h"
#include "subject.h"

#define NAME IPE_PREFIX "_pieces"
#define RULES "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=TRUE action=ALLOW\n"

/* Of the trailer behind the text and the signature. */
#define TRAILER 12
#define MAGIC 28

enum node { NEW_POLICY, UPDATE };

static const struct ipe_version oldest, version = { 1, 2, 3 };

static const char *node_path(enum node node)
{
	return node == UPDATE ? policy_node(NAME, "update") : IPE_NEW_POLICY;
}

/* What the node needs to be there, and the policy that it shall take. */
static int prepare(enum node node, unsigned int form, struct blob *policy)
{
	int err = ipe_reset();

	if (!err && node == UPDATE)
		err = policy_load(NAME, &oldest, RULES);
	return err ?: policy_sign(policy, NAME, &version, RULES, form);
}

static bool is_loaded(void)
{
	char text[32];

	return read_file(policy_node(NAME, "version"), text, sizeof(text)) ==
		       5 &&
	       !strcmp(text, "1.2.3");
}

/* Pieces of a size each. */
FIXTURE(pieces)
{
	struct blob policy;
	char before[65];
	size_t size;
	int fd;
};

FIXTURE_VARIANT(pieces)
{
	enum node node;
	unsigned int form;
	/* Of a piece; 0 is all but the last byte. */
	size_t size;
};

#define PIECES(id, bytes)                                                   \
	FIXTURE_VARIANT_ADD(pieces, der_##id)                               \
	{                                                                   \
		.node = NEW_POLICY, .form = SIGN_DER, .size = bytes,        \
	};                                                                  \
	FIXTURE_VARIANT_ADD(pieces, appended_##id)                          \
	{                                                                   \
		.node = NEW_POLICY, .form = SIGN_APPENDED, .size = bytes,   \
	};                                                                  \
	FIXTURE_VARIANT_ADD(pieces, update_der_##id)                        \
	{                                                                   \
		.node = UPDATE, .form = SIGN_DER, .size = bytes,            \
	};                                                                  \
	FIXTURE_VARIANT_ADD(pieces, update_appended_##id)                   \
	{                                                                   \
		.node = UPDATE, .form = SIGN_APPENDED, .size = bytes,       \
	}

PIECES(of_1, 1);
PIECES(of_2, 2);
PIECES(of_7, 7);
PIECES(of_100, 100);
PIECES(of_512, 512);
PIECES(all_but_one, 0);

FIXTURE_SETUP(pieces)
{
	ASSERT_EQ(0, prepare(variant->node, variant->form, &self->policy));
	ASSERT_EQ(0, ipe_snapshot(self->before));
	self->size = variant->size ?: self->policy.len - 1;
	self->fd = open(node_path(variant->node), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(pieces)

/* Writes from a position to another one. */
static int write_pieces(int fd, const struct blob *policy, size_t from,
			size_t to, size_t size)
{
	int err = 0;

	while (!err && from < to) {
		const size_t len = from + size < to ? size : to - from;

		err = write_fd(fd, policy->data + from, len);
		from += len;
	}
	return err;
}

/* Only the last byte makes it a policy. */
TEST_F(pieces, load)
{
	const size_t last = self->policy.len - 1;

	ASSERT_EQ(0, write_pieces(self->fd, &self->policy, 0, last,
				  self->size));
	expect_unchanged(_metadata, self->before);
	EXPECT_FALSE(is_loaded());
	EXPECT_EQ(0, write_fd(self->fd, self->policy.data + last, 1));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(is_loaded());
}

/* Descriptors of one open file take turns. */
TEST_F(pieces, duplicates)
{
	int fds[3] = { self->fd, dup(self->fd), dup(self->fd) };
	size_t at = 0, turn = 0;

	ASSERT_LE(0, fds[1]);
	ASSERT_LE(0, fds[2]);
	while (at < self->policy.len) {
		const size_t left = self->policy.len - at;
		const size_t len = left < self->size ? left : self->size;

		ASSERT_EQ(0, write_fd(fds[turn++ % 3], self->policy.data + at,
				      len));
		at += len;
	}
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(fds[2]));
	EXPECT_EQ(0, close(fds[1]));
	EXPECT_EQ(0, close(fds[0]));
}

/* Each open file collects for itself. */
TEST_F(pieces, two_files)
{
	int other = open(node_path(variant->node), O_WRONLY | O_CLOEXEC);
	size_t at = 0;

	ASSERT_LE(0, other);
	while (at < self->policy.len) {
		const size_t left = self->policy.len - at;
		const size_t len = left < self->size ? left : self->size;

		ASSERT_EQ(0, write_fd(self->fd, self->policy.data + at, len));
		/* The other one is a byte behind all the time. */
		if (at + len < self->policy.len) {
			ASSERT_EQ(0, write_fd(other, self->policy.data + at,
					      len));
		}
		at += len;
	}
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(-1, close(other));
	EXPECT_EQ(EBADMSG, errno);
}

/* A piece of no length changes nothing. */
TEST_F(pieces, nothing_between)
{
	const size_t half = self->policy.len / 2;

	ASSERT_EQ(0, write_pieces(self->fd, &self->policy, 0, half,
				  self->size));
	EXPECT_EQ(0, write_fd(self->fd, "", 0));
	EXPECT_EQ(0, write_pieces(self->fd, &self->policy, half,
				  self->policy.len, self->size));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* What is closed before it is complete. */
FIXTURE(incomplete)
{
	struct blob policy;
	char before[65];
	size_t len;
	int fd;
};

FIXTURE_VARIANT(incomplete)
{
	enum node node;
	unsigned int form;
	/* How many bytes arrive; if negative, how many do not. */
	long bytes;
};

#define INCOMPLETE(id, count)                                               \
	FIXTURE_VARIANT_ADD(incomplete, der_##id)                           \
	{                                                                   \
		.node = NEW_POLICY, .form = SIGN_DER, .bytes = count,       \
	};                                                                  \
	FIXTURE_VARIANT_ADD(incomplete, appended_##id)                      \
	{                                                                   \
		.node = NEW_POLICY, .form = SIGN_APPENDED, .bytes = count,  \
	};                                                                  \
	FIXTURE_VARIANT_ADD(incomplete, update_der_##id)                    \
	{                                                                   \
		.node = UPDATE, .form = SIGN_DER, .bytes = count,           \
	};                                                                  \
	FIXTURE_VARIANT_ADD(incomplete, update_appended_##id)               \
	{                                                                   \
		.node = UPDATE, .form = SIGN_APPENDED, .bytes = count,      \
	}

INCOMPLETE(one_byte, 1);
INCOMPLETE(three_bytes, 3);
INCOMPLETE(a_hundred, 100);
INCOMPLETE(all_but_one, -1);
INCOMPLETE(all_but_the_magic, -MAGIC);
INCOMPLETE(all_but_the_trailer, -(MAGIC + TRAILER));

FIXTURE_SETUP(incomplete)
{
	ASSERT_EQ(0, prepare(variant->node, variant->form, &self->policy));
	ASSERT_EQ(0, ipe_snapshot(self->before));
	self->len = variant->bytes > 0 ? variant->bytes :
					 self->policy.len + variant->bytes;
	self->fd = open(node_path(variant->node), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(incomplete)

TEST_F(incomplete, closed)
{
	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->len));
	expect_unchanged(_metadata, self->before);
	EXPECT_EQ(-1, close(self->fd));
	EXPECT_EQ(EBADMSG, errno);
	expect_unchanged(_metadata, self->before);
	/* And the rest alone is nothing. */
	EXPECT_GT(0, policy_submit(node_path(variant->node),
				   self->policy.data + self->len,
				   self->policy.len - self->len));
	expect_unchanged(_metadata, self->before);
	/* It is not in the way of the next one. */
	EXPECT_EQ(0, policy_submit(node_path(variant->node), self->policy.data,
				   self->policy.len));
	EXPECT_TRUE(is_loaded());
}

/* Closing a duplicate tells the same, but discards nothing. */
TEST_F(incomplete, duplicate_closed)
{
	int other = dup(self->fd);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->len));
	EXPECT_EQ(-1, close(other));
	EXPECT_EQ(EBADMSG, errno);
	EXPECT_EQ(0, write_fd(self->fd, self->policy.data + self->len,
			      self->policy.len - self->len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* A shell closes a duplicate before its command writes. */
TEST_F(incomplete, duplicate_closed_before)
{
	int other = dup(self->fd);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, policy_submit(node_path(variant->node), self->policy.data,
				   self->policy.len));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(is_loaded());
}

/* A child that has the file as well may end in between. */
TEST_F(incomplete, child_exits)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->len));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, write_fd(self->fd, self->policy.data + self->len,
			      self->policy.len - self->len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* The record tells it, also where nobody looks at close(2). */
TEST_F(incomplete, recorded)
{
	struct audit_record record;
	int status, fd;
	pid_t child;

	EXPECT_EQ(0, close(self->fd));
	fd = audit_open();
	ASSERT_LE(0, fd);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int node = open(node_path(variant->node), O_WRONLY);

		_exit(node < 0 ? 1 :
				 !!write_fd(node, self->policy.data, self->len));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_POLICY_LOAD,
				 "^policy_name=\\? policy_version=\\? "
				 "policy_digest=\\? auid=[0-9]+ ses=[0-9]+ "
				 "lsm=ipe res=0 errno=-74 "
				 "reason=\"incomplete\"$",
				 &record));
	EXPECT_EQ(0, audit_count(fd, AUDIT_IPE_POLICY_LOAD));
	audit_close(fd);
	expect_unchanged(_metadata, self->before);
}

/* One file and several messages, or what is none. */
FIXTURE(sequence)
{
	struct blob policy;
	char before[65];
	int fd;
};

FIXTURE_VARIANT(sequence)
{
	enum node node;
	unsigned int form;
};

FIXTURE_VARIANT_ADD(sequence, der) { NEW_POLICY, SIGN_DER };
FIXTURE_VARIANT_ADD(sequence, appended) { NEW_POLICY, SIGN_APPENDED };
FIXTURE_VARIANT_ADD(sequence, update_der) { UPDATE, SIGN_DER };
FIXTURE_VARIANT_ADD(sequence, update_appended) { UPDATE, SIGN_APPENDED };

FIXTURE_SETUP(sequence)
{
	ASSERT_EQ(0, prepare(variant->node, variant->form, &self->policy));
	ASSERT_EQ(0, ipe_snapshot(self->before));
	self->fd = open(node_path(variant->node), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(sequence)

TEST_F(sequence, garbage_after)
{
	char loaded[65];

	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->policy.len));
	ASSERT_TRUE(is_loaded());
	ASSERT_EQ(0, ipe_snapshot(loaded));
	EXPECT_EQ(-EBADMSG, write_fd(self->fd, "xyz", 3));
	expect_unchanged(_metadata, loaded);
	EXPECT_EQ(0, close(self->fd));
}

/* What is wrong from its first byte is refused at once, and forgotten. */
TEST_F(sequence, garbage_before)
{
	EXPECT_EQ(-EBADMSG, write_fd(self->fd, "xyz", 3));
	expect_unchanged(_metadata, self->before);
	EXPECT_EQ(0, write_fd(self->fd, self->policy.data, self->policy.len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(sequence, second_policy)
{
	const struct ipe_version higher = { 1, 2, 4 };
	const bool update = variant->node == UPDATE;
	struct blob second;

	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->policy.len));
	ASSERT_EQ(0, policy_sign(&second, update ? NAME : NAME "2", &higher,
				 RULES, variant->form));
	EXPECT_EQ(0, write_pieces(self->fd, &second, 0, second.len, 300));
	EXPECT_TRUE(policy_exists(update ? NAME : NAME "2"));
	EXPECT_EQ(!update, is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* The write that completes it has the verdict, and close(2) no more to say. */
TEST_F(sequence, verdict_with_last_write)
{
	unsigned char *at = memmem(self->policy.data, self->policy.len,
				   "ALLOW", 5);

	ASSERT_NE(NULL, at);
	memcpy(at, "DENY ", 5);
	ASSERT_EQ(0, write_pieces(self->fd, &self->policy, 0,
				  self->policy.len - 1, 400));
	EXPECT_EQ(-EKEYREJECTED,
		  write_fd(self->fd, self->policy.data + self->policy.len - 1,
			   1));
	expect_unchanged(_metadata, self->before);
	EXPECT_EQ(0, close(self->fd));
	expect_unchanged(_metadata, self->before);
}

/* The same, and then the right one over the same file. */
TEST_F(sequence, right_after_wrong)
{
	unsigned char *at = memmem(self->policy.data, self->policy.len,
				   "ALLOW", 5);

	ASSERT_NE(NULL, at);
	memcpy(at, "DENY ", 5);
	EXPECT_EQ(-EKEYREJECTED,
		  write_fd(self->fd, self->policy.data, self->policy.len));
	memcpy(at, "ALLOW", 5);
	EXPECT_EQ(0, write_fd(self->fd, self->policy.data, self->policy.len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(sequence, both_forms_in_pieces)
{
	const struct ipe_version higher = { 1, 2, 4 };
	const bool update = variant->node == UPDATE;
	struct blob second;

	ASSERT_EQ(0, policy_sign(&second, update ? NAME : NAME "2", &higher,
				 RULES, variant->form ^ SIGN_APPENDED));
	ASSERT_EQ(0, write_pieces(self->fd, &self->policy, 0,
				  self->policy.len, 333));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, write_pieces(self->fd, &second, 0, second.len, 333));
	EXPECT_EQ(!update, is_loaded());
	EXPECT_TRUE(policy_exists(update ? NAME : NAME "2"));
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(sequence, writev)
{
	struct iovec parts[3] = {
		{ self->policy.data, 10 },
		{ self->policy.data + 10, 500 },
		{ self->policy.data + 510, self->policy.len - 510 },
	};

	EXPECT_EQ(self->policy.len, writev(self->fd, parts, 3));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* The offset of pwrite(2) has no meaning. */
TEST_F(sequence, pwrite)
{
	const size_t half = self->policy.len / 2;

	ASSERT_EQ(half, pwrite(self->fd, self->policy.data, half, 4096));
	EXPECT_EQ(self->policy.len - half,
		  pwrite(self->fd, self->policy.data + half,
			 self->policy.len - half, 0));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* Deleted under it, half way. */
FIXTURE(deleted)
{
	struct blob policy;
	int fd;
};

FIXTURE_VARIANT(deleted)
{
	unsigned int form;
};

FIXTURE_VARIANT_ADD(deleted, der) { SIGN_DER };
FIXTURE_VARIANT_ADD(deleted, appended) { SIGN_APPENDED };

FIXTURE_SETUP(deleted)
{
	ASSERT_EQ(0, prepare(UPDATE, variant->form, &self->policy));
	self->fd = open(node_path(UPDATE), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(deleted)

TEST_F(deleted, between)
{
	const size_t half = self->policy.len / 2;

	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, half));
	ASSERT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(-ENOENT, write_fd(self->fd, self->policy.data + half,
				    self->policy.len - half));
	EXPECT_FALSE(policy_exists(NAME));
	/* Told already. */
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(deleted, never_completed)
{
	ASSERT_EQ(0, write_fd(self->fd, self->policy.data,
			      self->policy.len / 2));
	ASSERT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(-1, close(self->fd));
	EXPECT_EQ(EBADMSG, errno);
	EXPECT_FALSE(policy_exists(NAME));
	EXPECT_EQ(0, policy_load(NAME, NULL, RULES));
}

/* The first bytes of a DER message tell its length. */
FIXTURE(header)
{
};

FIXTURE_VARIANT(header)
{
	const char *bytes;
	size_t len;
	/* Of the write; with 0, closing says EBADMSG. */
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

/* Trailers that do not fit: the message does not become complete. */
FIXTURE(trailer)
{
	struct blob policy;
};

FIXTURE_VARIANT(trailer)
{
	/* From the end, what to replace by which byte. */
	unsigned int from_end;
	unsigned char byte;
	/* Or added to the length of the signature. */
	int more;
	bool all;
	/* The signature is looked at, and is none. */
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

/* The magic within the text, where a piece ends. */
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

/* A policy of a given length, nearly all of it comments. */
static int sign_long(struct blob *policy, size_t text_len)
{
	const size_t line = 1000;
	char *text = malloc(text_len);
	size_t at;
	int err;

	if (!text)
		return -ENOMEM;
	memset(text, '#', text_len);
	for (at = line; at < text_len; at += line)
		text[at] = '\n';
	text[text_len - 1] = '\n';
	at = sprintf(text, "policy_name=" NAME " policy_version=1.2.3\n" RULES);
	text[at] = '#';
	err = sign_blob(text, text_len, SIGN_APPENDED, policy);
	free(text);
	return err;
}

/* The bound, to the byte. */
TEST(largest)
{
	struct blob policy;
	size_t overhead;

	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_long(&policy, 10000));
	overhead = policy.len - 10000;
	blob_free(&policy);

	ASSERT_EQ(0, sign_long(&policy, IPE_MAX_POLICY - overhead));
	ASSERT_EQ(IPE_MAX_POLICY, policy.len);
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	EXPECT_TRUE(is_loaded());
	blob_free(&policy);
	EXPECT_EQ(0, ipe_reset());
}

/* KiB that the kernel has allocated with vmalloc(). */
static long vmalloc_used(void)
{
	char text[8192], *at;
	long used;

	if (read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "\nVmallocUsed:");
	return at && sscanf(at, "\nVmallocUsed: %ld", &used) == 1 ? used : -1;
}

/* A reader keeps the policy that it has begun to read until it learns of the deletion. */
TEST(deleted_is_let_go)
{
	struct blob policy;
	long before, kept;
	char byte;
	int fd;

	ASSERT_EQ(0, ipe_reset());
	before = vmalloc_used();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, sign_long(&policy, 8 * MIB));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	blob_free(&policy);
	fd = open(policy_node(NAME, "policy"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, read(fd, &byte, 1));
	ASSERT_EQ(0, ipe_reset());
	kept = vmalloc_used();
	EXPECT_LT(before + 7 * 1024, kept);

	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_GT(kept - 7 * 1024, vmalloc_used());
	EXPECT_EQ(0, close(fd));
}

TEST(too_large)
{
	struct blob policy;
	char before[65];
	int fd, err;

	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, ipe_snapshot(before));
	ASSERT_EQ(0, sign_long(&policy, IPE_MAX_POLICY));
	/* In one write. */
	EXPECT_EQ(-EFBIG, policy_submit(IPE_NEW_POLICY, policy.data,
					policy.len));
	expect_unchanged(_metadata, before);

	/* In many, of which one crosses the bound. */
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_pieces(fd, &policy, 0, IPE_MAX_POLICY, MIB));
	err = write_fd(fd, policy.data + IPE_MAX_POLICY,
		       policy.len - IPE_MAX_POLICY);
	EXPECT_EQ(-EFBIG, err);
	/* What was collected is gone, and the file takes another one. */
	blob_free(&policy);
	ASSERT_EQ(0, policy_sign(&policy, NAME, &version, RULES, SIGN_DER));
	EXPECT_EQ(0, write_fd(fd, policy.data, policy.len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(fd));
	blob_free(&policy);
	EXPECT_EQ(0, ipe_reset());
}

/* Memory that others abandon does not add up. */
TEST(abandoned)
{
	char *data = malloc(IPE_MAX_POLICY);
	int i;

	ASSERT_NE(NULL, data);
	ASSERT_EQ(0, ipe_reset());
	memset(data, ' ', IPE_MAX_POLICY);
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(-EBADMSG, write_file(IPE_NEW_POLICY, data,
					       IPE_MAX_POLICY));
	}
	free(data);
	EXPECT_EQ(0, policy_load(NAME, NULL, RULES));
	EXPECT_EQ(0, ipe_reset());
}

#define MANY_RULES 100000

/* A rule for each of so many digests, and one for a file that exists. */
static int sign_many(struct blob *policy, const char *name,
		     const char *last_rule)
{
	static const char rule[] =
		"op=EXECUTE fsverity_digest=sha256:"
		"00000000000000000000000000000000000000000000000000000000"
		"00000000 action=DENY\n";
	static const char digits[] = "0123456789abcdef";
	const struct ipe_version version = ipe_version();
	const size_t rule_len = strlen(rule);
	char *text = malloc(MANY_RULES * rule_len + 1024), *at;
	unsigned int i, mixed, digit;
	int err;

	if (!text)
		return -ENOMEM;
	at = text + sprintf(text,
			    "policy_name=%s policy_version=%hu.%hu.%hu\n"
			    "DEFAULT action=ALLOW\n"
			    "DEFAULT op=EXECUTE action=DENY\n",
			    name, version.major, version.minor, version.rev);
	for (i = 0; i < MANY_RULES; i++) {
		memcpy(at, rule, rule_len);
		/* No two are the same: an odd factor permutes the numbers. */
		mixed = i * 2654435761U;
		for (digit = 0; digit < 8; digit++)
			at[34 + 7 * digit] = digits[mixed >> (4 * digit) & 15];
		at += rule_len;
	}
	at += sprintf(at, "%s", last_rule);
	err = sign_blob(text, at - text, SIGN_APPENDED, policy);
	free(text);
	return err;
}

FIXTURE(many)
{
	int fd;
};

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(many)

/* 100,000 rules load, activate and decide. */
TEST_F_TIMEOUT(many, rules, 120)
{
	static const char fsv[] = "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n"
				  "op=EXECUTE boot_verified=TRUE action=ALLOW\n";
	char last[512], *text;
	struct blob policy;
	ssize_t len;

	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, stage_rules(last, sizeof(last), fsv));
	ASSERT_EQ(0, sign_many(&policy, NAME, last));
	ASSERT_LT(10 * MIB, policy.len);

	/* In pieces of 64 KiB, as programs copy. */
	ASSERT_EQ(0, write_pieces(self->fd, &policy, 0, policy.len, 65536));
	EXPECT_EQ(0, close(self->fd));
	text = malloc(policy.len + 1);
	ASSERT_NE(NULL, text);
	len = read_file(policy_node(NAME, "pkcs7"), text, policy.len + 1);
	ASSERT_EQ(policy.len, len);
	EXPECT_EQ(0, memcmp(policy.data, text, len));
	free(text);

	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_FSV, "probe")));
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_FSV, "probe"),
				   MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_FSV_SHA512, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_FSV, "name"),
					 MAP_PRIVATE));
	if (!stage_missing(PLACE_INITRAMFS)) {
		EXPECT_EQ(0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	}
	blob_free(&policy);
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
