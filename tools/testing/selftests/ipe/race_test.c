// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies and the mode change while decisions are made
 */
#include <sys/syscall.h>

#include "audit.h"
#include "race.h"

#define SECONDS 3

/*
 * Two policies that agree about files, for different reasons, and disagree
 * about modules from a buffer.
 */
#define FIRST                                                               \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=KMODULE action=ALLOW\n"                                 \
	"op=EXECUTE boot_verified=FALSE action=DENY\n"
#define SECOND                                                              \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=EXECUTE action=DENY\n"                                  \
	"DEFAULT op=KMODULE action=DENY\n"                                  \
	"op=EXECUTE boot_verified=TRUE action=ALLOW\n"

static void ask_denied(struct shared *shared)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");

	expect(shared, -EACCES, try_mmap_path(path));
	expect(shared, -EACCES, try_mprotect_path(path));
	expect(shared, -EACCES, try_mmap_anonymous());
}

static void ask_execve(struct shared *shared)
{
	expect(shared, 0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	expect(shared, -EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
}

/* The answer depends on the policy, but must be one of the two. */
static void ask_either(struct shared *shared)
{
	/* As long as the header of a module, which the kernel checks first. */
	static const char none[128];
	long result = syscall(SYS_init_module, none, sizeof(none), "");

	if (result == -1 && errno == EACCES)
		count(&shared->denied);
	else if (result == -1 && errno == ENOEXEC)
		count(&shared->allowed);
	else
		count_wrong(shared, result ? -errno : 0);
}

static void expect_decisions(struct __test_metadata *_metadata,
			     const struct shared *shared)
{
	EXPECT_LT(20, shared->right);
	TH_LOG("%u decisions, %u changes", shared->right + shared->allowed +
						   shared->denied,
	       shared->changes);
}

TEST_F_TIMEOUT(race, activate, LIMIT)
{
	ASSERT_EQ(0, policy_load(NAME "1", NULL, FIRST));
	ASSERT_EQ(0, policy_load(NAME "2", NULL, SECOND));
	ASSERT_EQ(0, policy_activate(NAME "1"));
	START(activate_both, ask_allowed, ask_denied, ask_execve, ask_either);
	finish(_metadata, self, SECONDS);
	expect_decisions(_metadata, self->shared);
	EXPECT_LT(2, self->shared->changes);
	/* Each policy was active at some time. */
	EXPECT_LT(0, self->shared->allowed);
	EXPECT_LT(0, self->shared->denied);
}

/*
 * A policy that would deny all, on trial and ended all the time while another is
 * activated: nobody notices.
 */
#define DENY_ALL "DEFAULT action=DENY\n"

static int begin_trial(const char *name, bool on)
{
	return write_string(policy_file(name, "trial"), on ? "1" : "0");
}

static void try_and_end(struct shared *shared)
{
	int err = begin_trial(NAME "3", true);

	/* The other one is on trial. */
	if (err == -EBUSY)
		count(&shared->denied);
	else
		change(shared, err);
	change(shared, begin_trial(NAME "3", false));
}

static void try_other(struct shared *shared)
{
	int err = begin_trial(NAME "2", true);

	/* It is active, or the other one is on trial. */
	if (err == -EINVAL || err == -EBUSY)
		count(&shared->denied);
	else
		change(shared, err);
}

static void read_trial(struct shared *shared)
{
	static const char *const names[] = { NAME "1", NAME "2", NAME "3" };
	int on_trial = 0;
	char got[512];
	unsigned int i;
	ssize_t len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		len = read_file(policy_file(names[i], "trial_stats"), got,
				sizeof(got));
		if (len > 0)
			on_trial++;
		else
			expect(shared, -ENODATA, len);
	}
	if (on_trial)
		count(&shared->allowed);
}

TEST_F_TIMEOUT(race, trial, LIMIT)
{
	ASSERT_EQ(0, policy_load(NAME "1", NULL, FIRST));
	ASSERT_EQ(0, policy_load(NAME "2", NULL, SECOND));
	ASSERT_EQ(0, policy_load(NAME "3", NULL,
				 DENY_ALL "DEFAULT op=PTRACE action=DENY\n"));
	if (access(policy_file(NAME "3", "trial"), F_OK))
		SKIP(return, "this kernel's IPE has no trials");
	ASSERT_EQ(0, policy_activate(NAME "1"));
	START(activate_both, try_and_end, try_other, read_trial, ask_allowed,
	      ask_denied, ask_execve);
	finish(_metadata, self, SECONDS);
	expect_decisions(_metadata, self->shared);
	EXPECT_LT(2, self->shared->changes);
	/* Some policy was on trial at some time. */
	EXPECT_LT(0, self->shared->allowed);
}

/* Versions of a policy on trial, which is deleted and loaded between. */
static struct blob tried[2];

static void update_trial(struct shared *shared)
{
	change(shared, policy_submit(IPE_NEW_POLICY, tried[0].data,
				     tried[0].len));
	change(shared, begin_trial(NAME "3", true));
	change(shared, policy_submit(policy_file(NAME "3", "update"),
				     tried[1].data, tried[1].len));
	change(shared, policy_delete(NAME "3"));
}

TEST_F_TIMEOUT(race, trial_updated_and_deleted, LIMIT)
{
	struct ipe_version version = ipe_version();

	ASSERT_EQ(0, policy_enforce_rules(FIRST));
	if (access(policy_file(RULES_NAME, "trial"), F_OK))
		SKIP(return, "this kernel's IPE has no trials");
	ASSERT_EQ(0, policy_sign(&tried[0], NAME "3", &version, DENY_ALL,
				 SIGN_DER));
	version.rev++;
	ASSERT_EQ(0, policy_sign(&tried[1], NAME "3", &version, FIRST,
				 SIGN_DER));
	START(update_trial, ask_allowed, ask_denied, ask_execve);
	finish(_metadata, self, SECONDS);
	expect_decisions(_metadata, self->shared);
	EXPECT_LT(2, self->shared->changes);
}

/* Versions of one policy, which is active all the time. */
#define UPDATES 16
static struct blob updates[UPDATES];

/* Activates the policy with these versions; returns the first version. */
static struct ipe_version
prepare_updates(struct __test_metadata *_metadata)
{
	const struct ipe_version first = ipe_version();
	struct ipe_version version = first;
	unsigned int i;

	ASSERT_EQ(0, policy_load(NAME, NULL, FIRST));
	ASSERT_EQ(0, policy_activate(NAME));
	for (i = 0; i < UPDATES; i++) {
		version.rev++;
		ASSERT_EQ(0, policy_sign(&updates[i], NAME, &version,
					 i & 1 ? FIRST : SECOND,
					 i & 2 ? SIGN_DER : SIGN_APPENDED));
	}
	return first;
}

TEST_F_TIMEOUT(race, update, LIMIT)
{
	unsigned int i;

	prepare_updates(_metadata);
	START(ask_allowed, ask_denied, ask_execve, ask_either);
	for (i = 0; i < UPDATES; i++) {
		change(self->shared, policy_submit(policy_file(NAME, "update"),
						   updates[i].data,
						   updates[i].len));
		/* Some time for decisions under each version. */
		usleep(50000);
	}
	finish(_metadata, self, 0);
	expect_decisions(_metadata, self->shared);
	EXPECT_EQ(UPDATES, self->shared->changes);
	EXPECT_LT(0, self->shared->denied);
}

/* Two processes update the same policy: each version loads once. */
static void update_any(struct shared *shared)
{
	static unsigned int next;
	int err;

	if (next == UPDATES) {
		shared->stop = true;
		return;
	}
	err = policy_submit(policy_file(NAME, "update"), updates[next].data,
			    updates[next].len);
	if (err == -ESTALE)
		count(&shared->denied);
	else
		change(shared, err);
	next++;
}

TEST_F_TIMEOUT(race, two_updaters, LIMIT)
{
	const struct ipe_version first = prepare_updates(_metadata);
	struct ipe_version last;

	START(ask_denied, update_any, update_any);
	while (!self->shared->stop)
		usleep(10000);
	finish(_metadata, self, 0);
	/*
	 * The active version is the last one that was loaded. The same message
	 * again is not an error, so a version may be loaded twice.
	 */
	last = ipe_version();
	EXPECT_LE(last.rev - first.rev, self->shared->changes);
	EXPECT_LE(self->shared->changes, 2 * UPDATES);
}

/* Loads and deletes a policy while others read its files. */
static struct blob coming;
static const char *const files[] = { "name", "version", "policy", "pkcs7",
				     "active" };
static struct blob contents[ARRAY_SIZE(files)];

static void load_and_delete(struct shared *shared)
{
	change(shared, policy_submit(IPE_NEW_POLICY, coming.data, coming.len));
	change(shared, policy_delete(NAME));
}

static void read_files(struct shared *shared)
{
	char got[8192];
	unsigned int i;
	ssize_t len;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		len = read_file(policy_file(NAME, files[i]), got, sizeof(got));
		if (len == -ENOENT)
			count(&shared->denied);
		else
			expect(shared, 0,
			       len != (ssize_t)contents[i].len ||
				       memcmp(got, contents[i].data, len));
	}
}

/* Holds files open across a deletion, and writes to them. */
static void hold_files(struct shared *shared)
{
	int update, active, err;
	char byte;

	update = open(policy_file(NAME, "update"), O_WRONLY | O_CLOEXEC);
	active = open(policy_file(NAME, "active"), O_RDWR | O_CLOEXEC);
	if (update >= 0 && active >= 0) {
		usleep(1000);
		err = write_fd(update, coming.data, coming.len);
		/* The same policy is there, or it is gone. */
		if (err != 0 && err != -ENOENT)
			count_wrong(shared, err);
		if (pread(active, &byte, 1, 0) != 1 && errno != ENOENT)
			count_wrong(shared, -errno);
		err = write_fd(active, "0", 1);
		if (err != -EINVAL)
			count_wrong(shared, err);
	}
	if (update >= 0)
		close(update);
	if (active >= 0)
		close(active);
}

TEST_F_TIMEOUT(race, load_and_delete, LIMIT)
{
	unsigned int i;
	char got[8192];
	ssize_t len;

	ASSERT_EQ(0, policy_sign(&coming, NAME, NULL, FIRST, SIGN_DER));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, coming.data, coming.len));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		len = read_file(policy_file(NAME, files[i]), got, sizeof(got));
		ASSERT_LT(0, len);
		contents[i].data = memcpy(malloc(len), got, len);
		contents[i].len = len;
	}
	ASSERT_EQ(0, policy_delete(NAME));
	START(load_and_delete, read_files, read_files, hold_files);
	finish(_metadata, self, SECONDS);
	EXPECT_LT(2, self->shared->changes);
	EXPECT_LT(0, self->shared->right);
}

/* One process activates a policy, another deletes it: never both succeed. */
static void load_any(struct shared *shared)
{
	int err = policy_submit(IPE_NEW_POLICY, coming.data, coming.len);

	if (err && err != -EEXIST)
		count(&shared->failures);
}

static void activate_any(struct shared *shared)
{
	int err = policy_activate(NAME);

	if (!err)
		count(&shared->changes);
	else if (err != -ENOENT)
		count(&shared->failures);
	err = policy_activate(IPE_PREFIX "_base");
	if (err)
		count(&shared->failures);
}

static void delete_any(struct shared *shared)
{
	int err = policy_delete(NAME);

	if (!err)
		count(&shared->allowed);
	else if (err == -EPERM)
		count(&shared->denied);
	else if (err != -ENOENT)
		count(&shared->failures);
}

/* The base allows it, the other policy does not. */
static void ask_anonymous(struct shared *shared)
{
	int err = try_mmap_anonymous();

	if (err && err != -EACCES)
		count_wrong(shared, err);
	else
		count(&shared->right);
}

TEST_F_TIMEOUT(race, activate_and_delete, LIMIT)
{
	struct ipe_version version;
	char name[256];

	ASSERT_EQ(0, policy_sign(&coming, NAME, NULL, FIRST, SIGN_DER));
	START(load_any, activate_any, delete_any, ask_anonymous, ask_allowed);
	finish(_metadata, self, SECONDS);
	EXPECT_LT(0, self->shared->changes);
	EXPECT_LT(0, self->shared->allowed);
	/* Some policy is active, whatever happened. */
	EXPECT_EQ(0, policy_active(name, sizeof(name), &version));
}

/* Each change of the mode has one record, and each record is a change. */
static void switch_mode(struct shared *shared)
{
	change(shared, write_string(IPE_ENFORCE, "0"));
	change(shared, write_string(IPE_ENFORCE, "1"));
}

TEST_F_TIMEOUT(race, mode, LIMIT)
{
	ASSERT_EQ(0, policy_enforce_rules(FIRST));
	START(switch_mode, ask_anonymous, ask_allowed);
	finish(_metadata, self, 1);
	EXPECT_LT(0, self->shared->right);
}

static void switch_mode_slowly(struct shared *shared)
{
	switch_mode(shared);
	usleep(10000);
}

TEST_F_TIMEOUT(race, mode_recorded, LIMIT)
{
	struct audit_record record;
	int fd, old = 1, new, seen = 0;

	fd = audit_open();
	ASSERT_LE(0, fd);
	START(switch_mode_slowly, switch_mode_slowly);
	finish(_metadata, self, 1);
	/* The modes alternate, whoever set them. */
	while (!audit_next(fd, AUDIT_MAC_STATUS, &record)) {
		ASSERT_EQ(1, sscanf(record.text, "enforcing=%d", &new));
		EXPECT_EQ(!old, new);
		old = new;
		seen++;
	}
	EXPECT_EQ(1, old);
	EXPECT_LT(1, seen);
	EXPECT_LE(seen, self->shared->changes);
	audit_close(fd);
}

/*
 * The mode in a record is the mode that applied: an access recorded as enforced
 * failed, any other succeeded.
 */
TEST_F_TIMEOUT(race, mode_agrees, LIMIT)
{
	struct audit_record record, call;
	unsigned int enforced = 0, permitted = 0, asked;
	int fd;

	ASSERT_EQ(0, policy_enforce_rules("DEFAULT action=DENY\n"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	START(switch_mode);
	for (asked = 0; asked < 2000 && (enforced < 50 || permitted < 50);
	     asked++) {
		if (try_mmap_anonymous())
			enforced++;
		else
			permitted++;
	}
	finish(_metadata, self, 0);
	EXPECT_LT(0, enforced);
	EXPECT_LT(0, permitted);

	while (!audit_next(fd, AUDIT_IPE_ACCESS, &record)) {
		const bool denies = strstr(record.text, " enforcing=1 ");

		/*
		 * The record of the process that sets the mode may come before
		 * it.
		 */
		do {
			ASSERT_EQ(0, audit_next(fd, AUDIT_SYSCALL, &call));
		} while (call.serial != record.serial);
		EXPECT_NE(NULL, strstr(call.text, denies ? " success=no " :
							   " success=yes "))
		{
			TH_LOG("%s", record.text);
			TH_LOG("%s", call.text);
		}
		if (denies)
			enforced--;
		else
			permitted--;
	}
	/* Each access has one record. */
	EXPECT_EQ(0, enforced);
	EXPECT_EQ(0, permitted);
	audit_close(fd);
}

/*
 * Many processes write pieces to one open file: nothing loads that is not
 * signed.
 */
static int shared_file;

static void write_pieces(struct shared *shared)
{
	static size_t at;
	const size_t left = coming.len - at;
	const size_t len = left < 97 ? left : 97;
	int err = write_fd(shared_file, coming.data + at, len);

	/* The pieces of both in any order are not a message. */
	if (err && err != -EBADMSG && err != -EKEYREJECTED && err != -EFBIG &&
	    err != -EINVAL && err != -ENOPKG && err != -EMSGSIZE &&
	    err != -EEXIST)
		count_wrong(shared, err);
	else
		count(&shared->right);
	at = (at + len) % coming.len;
}

TEST_F_TIMEOUT(race, pieces, LIMIT)
{
	ASSERT_EQ(0, policy_sign(&coming, NAME, NULL, FIRST, SIGN_DER));
	shared_file = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, shared_file);
	START(write_pieces, write_pieces);
	finish(_metadata, self, 1);
	EXPECT_LT(10, self->shared->right);
	close(shared_file);
	if (policy_exists(NAME)) {
		EXPECT_EQ(0, policy_delete(NAME));
	}
	/* It works as before. */
	EXPECT_EQ(0, policy_load(NAME, NULL, FIRST));
}

IPE_TEST_MAIN(audited_initramfs_setup, audited_stage_teardown)
