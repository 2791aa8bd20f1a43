// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies that arrive in several writes
 */
#include <sys/uio.h>
#include <sys/wait.h>

#include "audit.h"
#include "pieces.h"

/* Pieces of one size. */
FIXTURE(pieces)
{
	struct blob policy;
	char before[65];
	size_t size;
	int fd;
};

FIXTURE_VARIANT(pieces)
{
	enum file file;
	unsigned int form;
	/* The size of a piece; 0 means all but the last byte. */
	size_t size;
};

#define PIECES(id, bytes) EACH_FILE_AND_FORM(pieces, id, .size = bytes)

PIECES(of_1, 1);
PIECES(of_2, 2);
PIECES(of_7, 7);
PIECES(of_100, 100);
PIECES(of_512, 512);
PIECES(all_but_one, 0);

FIXTURE_SETUP(pieces)
{
	self->fd = prepare_open(variant->file, variant->form, &self->policy,
				self->before);
	ASSERT_LE(0, self->fd);
	self->size = variant->size ?: self->policy.len - 1;
}

RESET_AFTER(pieces)

/* The policy is complete only with the last byte. */
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

/* Descriptors of one open file write alternately. */
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

/* Each open file collects its own message. */
TEST_F(pieces, two_files)
{
	int other = open(file_path(variant->file), O_WRONLY | O_CLOEXEC);
	size_t at = 0;

	ASSERT_LE(0, other);
	while (at < self->policy.len) {
		const size_t left = self->policy.len - at;
		const size_t len = left < self->size ? left : self->size;

		ASSERT_EQ(0, write_fd(self->fd, self->policy.data + at, len));
		/* The other file is always one byte behind. */
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

/* An empty piece changes nothing. */
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

/* The file is closed before the message is complete. */
FIXTURE(incomplete)
{
	struct blob policy;
	char before[65];
	size_t len;
	int fd;
};

FIXTURE_VARIANT(incomplete)
{
	enum file file;
	unsigned int form;
	/*
	 * The number of bytes that arrive; if negative, of those that are
	 * missing.
	 */
	long bytes;
};

#define INCOMPLETE(id, count)                                               \
	EACH_FILE_AND_FORM(incomplete, id, .bytes = count)

INCOMPLETE(one_byte, 1);
INCOMPLETE(three_bytes, 3);
INCOMPLETE(a_hundred, 100);
INCOMPLETE(all_but_one, -1);
INCOMPLETE(all_but_the_magic, -MAGIC);
INCOMPLETE(all_but_the_trailer, -(MAGIC + TRAILER));

FIXTURE_SETUP(incomplete)
{
	self->fd = prepare_open(variant->file, variant->form, &self->policy,
				self->before);
	ASSERT_LE(0, self->fd);
	self->len = variant->bytes > 0 ? variant->bytes :
					 self->policy.len + variant->bytes;
}

RESET_AFTER(incomplete)

TEST_F(incomplete, closed)
{
	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->len));
	expect_unchanged(_metadata, self->before);
	EXPECT_EQ(-1, close(self->fd));
	EXPECT_EQ(EBADMSG, errno);
	expect_unchanged(_metadata, self->before);
	/* The rest alone is not a message. */
	EXPECT_GT(0, policy_submit(file_path(variant->file),
				   self->policy.data + self->len,
				   self->policy.len - self->len));
	expect_unchanged(_metadata, self->before);
	/* It does not disturb the next message. */
	EXPECT_EQ(0, policy_submit(file_path(variant->file), self->policy.data,
				   self->policy.len));
	EXPECT_TRUE(is_loaded());
}

/* Closing a duplicate reports the same error, but discards nothing. */
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
	EXPECT_EQ(0, policy_submit(file_path(variant->file), self->policy.data,
				   self->policy.len));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(is_loaded());
}

/* A child that shares the file may exit in between. */
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

/* The record reports it, even if nobody checks the result of close(2). */
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
		int file = open(file_path(variant->file), O_WRONLY);

		_exit(file < 0 ? 1 :
				 !!write_fd(file, self->policy.data, self->len));
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

/* One file and several messages, or garbage. */
FIXTURE(sequence)
{
	struct blob policy;
	char before[65];
	int fd;
};

FIXTURE_VARIANT(sequence)
{
	enum file file;
	unsigned int form;
};

FIXTURE_VARIANT_ADD(sequence, der) { NEW_POLICY, SIGN_DER };
FIXTURE_VARIANT_ADD(sequence, appended) { NEW_POLICY, SIGN_APPENDED };
FIXTURE_VARIANT_ADD(sequence, update_der) { UPDATE, SIGN_DER };
FIXTURE_VARIANT_ADD(sequence, update_appended) { UPDATE, SIGN_APPENDED };

FIXTURE_SETUP(sequence)
{
	self->fd = prepare_open(variant->file, variant->form, &self->policy,
				self->before);
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

/* A message that is wrong from its first byte is refused and discarded at once. */
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
	const bool update = variant->file == UPDATE;
	struct blob second;

	ASSERT_EQ(0, write_fd(self->fd, self->policy.data, self->policy.len));
	ASSERT_EQ(0, policy_sign(&second, update ? NAME : NAME "2", &higher,
				 RULES, variant->form));
	EXPECT_EQ(0, write_pieces(self->fd, &second, 0, second.len, 300));
	EXPECT_TRUE(policy_exists(update ? NAME : NAME "2"));
	EXPECT_EQ(!update, is_loaded());
	EXPECT_EQ(0, close(self->fd));
}

/* The write that completes the message returns the result; close(2) succeeds. */
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

/* The same, followed by a valid message to the same file. */
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
	const bool update = variant->file == UPDATE;
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

/* pwrite(2) ignores its offset. */
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

/* The policy is deleted when half of its update is written. */
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
	char before[65];

	self->fd = prepare_open(UPDATE, variant->form, &self->policy, before);
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
	/* The write has already returned the error. */
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

IPE_TEST_MAIN(audit_setup, audit_teardown)
