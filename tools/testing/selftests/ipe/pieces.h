/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - policies that are written to a securityfs file, in one piece or
 * several
 */
#ifndef IPE_SELFTEST_PIECES_H
#define IPE_SELFTEST_PIECES_H

#include "harness.h"

#define NAME IPE_PREFIX "_pieces"
#define RULES "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=TRUE action=ALLOW\n"

/* The lengths of the trailer behind text and signature, and of its magic. */
#define TRAILER 12
#define MAGIC 28

enum file { NEW_POLICY, UPDATE };

static const struct ipe_version oldest, version = { 1, 2, 3 };

static inline const char *file_path(enum file file)
{
	return file == UPDATE ? policy_file(NAME, "update") : IPE_NEW_POLICY;
}

/* Loads the policy that the file belongs to, and signs the one to write to it. */
static inline int prepare(enum file file, unsigned int form,
			  struct blob *policy)
{
	int err = ipe_reset();

	if (!err && file == UPDATE)
		err = policy_load(NAME, &oldest, RULES);
	return err ?: policy_sign(policy, NAME, &version, RULES, form);
}

static inline bool is_loaded(void)
{
	char text[32];

	return read_file(policy_file(NAME, "version"), text, sizeof(text)) ==
		       5 &&
	       !strcmp(text, "1.2.3");
}

/* The same; opens the file, too, and returns it or a negative errno. */
static inline int prepare_open(enum file file, unsigned int form,
			       struct blob *policy, char before[65])
{
	int fd, err = prepare(file, form, policy) ?: ipe_snapshot(before);

	if (err)
		return err;
	fd = open(file_path(file), O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A variant for each file and each form of a message. */
#define EACH_FILE_AND_FORM(fixture, id, ...)                                \
	FIXTURE_VARIANT_ADD(fixture, der_##id)                              \
	{                                                                   \
		.file = NEW_POLICY, .form = SIGN_DER, __VA_ARGS__           \
	};                                                                  \
	FIXTURE_VARIANT_ADD(fixture, appended_##id)                         \
	{                                                                   \
		.file = NEW_POLICY, .form = SIGN_APPENDED, __VA_ARGS__      \
	};                                                                  \
	FIXTURE_VARIANT_ADD(fixture, update_der_##id)                       \
	{                                                                   \
		.file = UPDATE, .form = SIGN_DER, __VA_ARGS__               \
	};                                                                  \
	FIXTURE_VARIANT_ADD(fixture, update_appended_##id)                  \
	{                                                                   \
		.file = UPDATE, .form = SIGN_APPENDED, __VA_ARGS__          \
	}

/* Writes the bytes from one position to another. */
static inline int write_pieces(int fd, const struct blob *policy, size_t from,
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

#endif /* IPE_SELFTEST_PIECES_H */
