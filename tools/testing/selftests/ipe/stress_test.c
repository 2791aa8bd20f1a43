// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - everything at once
 *
 * One process, the conductor, changes the active policy and the mode, and keeps
 * a log of both; others load, delete and read policies, open and close volumes,
 * protect files and evict inodes; the rest ask for decisions. The log tells
 * which answers are correct: mostly one. IPE_TEST_SECONDS is the duration.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"
#include "stress.h"

#define SECONDS 10
/* The test lasts until this much has changed, however slow the machine is. */
#define CHANGES 30
#define LIMIT 7200

/* The conductor's policies: each version is of another kind. */
#define CONDUCTED 3
#define VERSIONS 10
/* Policies that are loaded and deleted, but never active. */
#define OTHERS 3

struct message {
	char name[32];
	unsigned int kind;
	struct blob text, signed_;
};

static struct message conducted[CONDUCTED][VERSIONS];
static struct message others[OTHERS];

/* The conductor. */

/* The version that all of its policies have reached. */
static unsigned int reached;

static int submit(const char *file, const struct message *message)
{
	return policy_submit(file, message->signed_.data, message->signed_.len);
}

/* Another process deletes it, so it may have to be loaded again. */
static void activate(unsigned int policy)
{
	const struct message *message = &conducted[policy][reached];
	const struct state next = { policy, message->kind, current.enforcing };
	int err;

	do {
		announce(next);
		err = policy_activate(message->name);
		conclude(!err);
		if (err == -ESTALE) {
			/* The loaded policy is older than the last version. */
			err = submit(policy_file(message->name, "update"),
				     message);
			err = err && err != -ENOENT ? err : -EAGAIN;
		}
		if (err == -ENOENT) {
			err = submit(IPE_NEW_POLICY, message);
			/* Its deletion may not be complete. */
			err = err && err != -EEXIST ? err : -EAGAIN;
		}
	} while (err == -EAGAIN);
	if (err)
		failed("activate", err);
}

static void update_active(void)
{
	const struct message *message;
	int err;

	if (reached + 1 == VERSIONS)
		return;
	reached++;
	message = &conducted[current.policy][reached];
	announce((struct state){ current.policy, message->kind,
				 current.enforcing });
	err = submit(policy_file(message->name, "update"), message);
	conclude(!err);
	if (err)
		failed("update of the active policy", err);
}

static void switch_mode(void)
{
	struct state next = current;
	int err;

	next.enforcing = !next.enforcing;
	announce(next);
	err = write_string(IPE_ENFORCE, next.enforcing ? "1" : "0");
	conclude(!err);
	if (err)
		failed("enforce", err);
}

static void conduct(bool with_mode, unsigned int seconds)
{
	const time_t begin = time(NULL);
	unsigned long passed = 0;

	while ((passed < seconds || shared->changes < CHANGES) &&
	       shared->clock / 2 + 8 < STATES) {
		activate((current.policy + 1 + some(CONDUCTED - 1)) %
			 CONDUCTED);
		if (with_mode && !some(4))
			switch_mode();
		passed = time(NULL) - begin;
		if (passed * VERSIONS > (reached + 1) * seconds)
			update_active();
	}
	if (!current.enforcing)
		switch_mode();
}

/* The processes that ask for decisions. */

static const char *paths[QUESTIONS];

static int ask(enum question question)
{
	if (question == ASK_ANONYMOUS)
		return some(2) ? try_mmap_anonymous() :
				 try_mprotect_anonymous();
	switch (some(4)) {
	case 0:
		return try_mprotect_path(paths[question]);
	case 1:
		return try_execve_check_path(paths[question]);
	case 2:
		/* Starting a process takes long, so do it less often. */
		if (!some(4))
			return try_execve(paths[question]);
		/* Fall through */
	default:
		return try_mmap_path(paths[question]);
	}
}

static void ask_and_check(enum question question)
{
	const unsigned long from = now();
	const int answer = ask(question);

	check(question, answer, from, now());
}

static void ask_any(void)
{
	enum question question;

	do {
		question = some(QUESTIONS);
	} while (!paths[question] && question != ASK_ANONYMOUS);
	ask_and_check(question);
}

/* The processes that change policies that are not active. */

static void load_and_delete_others(void)
{
	const struct message *message = &others[some(OTHERS)];
	int err;

	err = submit(IPE_NEW_POLICY, message);
	if (err && err != -EEXIST)
		failed("load", err);
	count(&shared->loads);
	/* Its version is below that of every active policy. */
	err = policy_activate(message->name);
	if (err != -ESTALE && err != -ENOENT)
		failed("activate an old version", err);
	err = policy_delete(message->name);
	if (err && err != -ENOENT)
		failed("delete", err);
	count(&shared->deletions);
}

/* Only the active policy cannot be deleted. */
static void delete_conducted(void)
{
	const unsigned int policy = some(CONDUCTED);
	const unsigned long from = now();
	const int err = policy_delete(conducted[policy][0].name);
	const unsigned long to = now();
	bool was_active = false, was_not = false;
	unsigned long at;

	for (at = from / 2; at <= (to + 1) / 2; at++) {
		was_active |= shared->states[at].policy == policy;
		was_not |= shared->states[at].policy != policy;
	}
	if (err == -EPERM ? !was_active : (err && err != -ENOENT) || !was_not)
		failed("delete a policy that may be active", err);
	count(&shared->deletions);
	usleep(2000);
}

/* A read returns the complete loaded text, or nothing. */
static void read_files(void)
{
	static char text[4096];
	const unsigned int policy = some(CONDUCTED);
	const char *const name = conducted[policy][0].name;
	unsigned int version;
	ssize_t len;

	len = read_file(policy_file(name, "policy"), text, sizeof(text));
	count(&shared->reads);
	if (len == -ENOENT)
		return;
	for (version = 0; version < VERSIONS; version++) {
		const struct blob *known = &conducted[policy][version].text;

		if (len == known->len && !memcmp(text, known->data, len))
			return;
	}
	failed("read", len);
}

/* Files that stay open while the policy is deleted and loaded again. */
static void hold_files(void)
{
	const struct message *message = &others[some(OTHERS)];
	int update, active, err;
	char byte;

	update = open(policy_file(message->name, "update"),
		      O_WRONLY | O_CLOEXEC);
	active = open(policy_file(message->name, "active"), O_RDWR | O_CLOEXEC);
	if (update >= 0 && active >= 0) {
		usleep(1000);
		err = write_fd(update, message->signed_.data, 100);
		if (err && err != -ENOENT)
			failed("begin of an update", err);
		if (pread(active, &byte, 1, 0) != 1 && errno != ENOENT)
			failed("read active", -errno);
		usleep(1000);
		err = write_fd(update, message->signed_.data + 100,
			       message->signed_.len - 100);
		/* After an error the next write begins a message. */
		if (err && err != -ENOENT && err != -EBADMSG)
			failed("end of an update", err);
	}
	if (update >= 0)
		close(update);
	if (active >= 0)
		close(active);
}

/* Half a policy, never completed. */
static void abandon(void)
{
	const struct message *message = &others[some(OTHERS)];
	const int err = write_file(IPE_NEW_POLICY, message->signed_.data,
				   message->signed_.len / 2);

	if (err != -EBADMSG)
		failed("half a policy", err);
}

/* The processes that provide the objects. */

static void open_and_close_volume(void)
{
	static struct volume volume;
	char at[PATH_MAX], file[PATH_MAX + 8];
	unsigned long from;
	int err, answer;

	snprintf(at, sizeof(at), "%s/passing", stage_dir());
	snprintf(file, sizeof(file), "%s/probe", at);
	err = volume_open(&volume, &stage_dmv_signed, true, at);
	if (err) {
		failed("open a volume", err);
		return;
	}
	from = now();
	answer = try_mmap_path(file);
	check(ASK_DMV_SIGNED, answer, from, now());
	do {
		err = volume_close(&volume);
	} while (err == -EBUSY);
	if (err)
		failed("close a volume", err);
	count(&shared->volumes);
}

/* A file of the volume, while the volume is open. */
static void ask_passing_volume(void)
{
	char file[PATH_MAX];
	const unsigned long from = now();
	int answer;

	snprintf(file, sizeof(file), "%s/passing/probe", stage_dir());
	answer = try_mmap_path(file);
	if (answer != -ENOENT)
		check(ASK_DMV_SIGNED, answer, from, now());
}

static struct blob file_signature;

static void protect_file(void)
{
	char file[PATH_MAX];
	unsigned long from;
	int err, answer;

	snprintf(file, sizeof(file), "%s-stress",
		 stage_path(PLACE_EXT4, "probe"));
	unlink(file);
	err = copy_file(stage_path(PLACE_TMPFS, "probe"), file, 0755);
	/* Until it is protected, it is like any file on tmpfs. */
	from = now();
	answer = try_mmap_path(file);
	check(ASK_TMPFS, answer, from, now());
	err = err ?: fsverity_enable(file, 1, &file_signature);
	if (err) {
		failed("protect a file", err);
		return;
	}
	from = now();
	answer = try_mmap_path(file);
	check(ASK_FSV_SIGNED, answer, from, now());
	count(&shared->files);
}

static void evict(void)
{
	int err = write_string("/proc/sys/vm/drop_caches", "2");

	if (err)
		failed("drop_caches", err);
	count(&shared->evictions);
	usleep(20000);
}

/* The processes. */

#define PROCESSES 16
static pid_t processes[PROCESSES];
static unsigned int process_count;

static void start(struct __test_metadata *_metadata, void (*job)(void))
{
	const pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srandom(process_count);
		while (!stopped())
			job();
		_exit(0);
	}
	ASSERT_LT(process_count, PROCESSES);
	processes[process_count++] = child;
}

FIXTURE(stress)
{
};

FIXTURE_VARIANT(stress)
{
	bool with_mode;
};

FIXTURE_VARIANT_ADD(stress, enforcing) { .with_mode = false };
FIXTURE_VARIANT_ADD(stress, switching) { .with_mode = true };

FIXTURE_SETUP(stress)
{
	ASSERT_EQ(0, ipe_reset());
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
}

RESET_AFTER(stress)

static int make_message(struct message *message, unsigned int kind,
			const struct ipe_version *version)
{
	char rules[1024], expanded[1024];
	int err;

	message->kind = kind;
	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n"
		 "op=EXECUTE boot_verified=TRUE action=ALLOW\n%s",
		 kinds[kind].rule);
	err = stage_rules(expanded, sizeof(expanded), rules);
	err = err ?: policy_text(&message->text, message->name, version,
				 expanded);
	return err ?: sign_blob(message->text.data, message->text.len,
				some(2) ? SIGN_DER : SIGN_APPENDED,
				&message->signed_);
}

static int make_messages(void)
{
	static const struct ipe_version lowest = {};
	struct ipe_version version = ipe_version();
	unsigned int i, j;
	int err = 0;

	/* So that a lower version exists. */
	version.minor++;
	for (j = 0; !err && j < VERSIONS; j++, version.rev++) {
		for (i = 0; !err && i < CONDUCTED; i++) {
			snprintf(conducted[i][j].name, 32, IPE_PREFIX "_s%u",
				 i);
			err = make_message(&conducted[i][j],
					   (i + j) % ARRAY_SIZE(kinds),
					   &version);
		}
	}
	for (i = 0; !err && i < OTHERS; i++) {
		snprintf(others[i].name, 32, IPE_PREFIX "_other%u", i);
		err = make_message(&others[i], i, &lowest);
	}
	return err;
}

TEST_F_TIMEOUT(stress, all_at_once, LIMIT)
{
	const char *const wanted = getenv("IPE_TEST_SECONDS");
	const unsigned int seconds = wanted ? atoi(wanted) : SECONDS;
	unsigned int i;
	int status;

	ASSERT_LT(0, seconds);
	ASSERT_EQ(0, make_messages());
	for (i = 0; i < QUESTIONS; i++) {
		static const enum place places[QUESTIONS] = {
			PLACE_INITRAMFS, PLACE_TMPFS, PLACES, PLACE_FSV,
			PLACE_FSV_SIGNED, PLACE_DMV, PLACE_DMV_SIGNED,
		};

		paths[i] = NULL;
		if (places[i] != PLACES && !stage_missing(places[i]))
			paths[i] = strdup(stage_path(places[i], "probe"));
	}
	if (paths[ASK_FSV_SIGNED]) {
		ASSERT_EQ(0, fsverity_sign(paths[ASK_FSV], &file_signature));
	}

	current = (struct state){ 0, conducted[0][0].kind, true };
	shared->states[0] = current;
	ASSERT_EQ(0, submit(IPE_NEW_POLICY, &conducted[0][0]));
	ASSERT_EQ(0, policy_activate(conducted[0][0].name));

	start(_metadata, ask_any);
	start(_metadata, ask_any);
	start(_metadata, load_and_delete_others);
	start(_metadata, delete_conducted);
	start(_metadata, read_files);
	start(_metadata, hold_files);
	start(_metadata, abandon);
	start(_metadata, evict);
	if (paths[ASK_DMV_SIGNED]) {
		start(_metadata, open_and_close_volume);
		start(_metadata, ask_passing_volume);
	}
	if (paths[ASK_FSV_SIGNED])
		start(_metadata, protect_file);

	conduct(variant->with_mode, seconds);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	while (process_count) {
		ASSERT_EQ(processes[process_count - 1],
			  waitpid(processes[process_count - 1], &status, 0));
		EXPECT_EQ(0, status);
		process_count--;
	}

	EXPECT_EQ(0, shared->wrong);
	EXPECT_EQ(0, shared->failures);
	EXPECT_LT(20, shared->allowed);
	EXPECT_LT(20, shared->denied);
	EXPECT_LT(2, shared->deletions);
	TH_LOG("%lu answers of which only one could be right, %lu of two, "
	       "%lu wrong",
	       shared->allowed + shared->denied, shared->ambiguous,
	       shared->wrong);
	TH_LOG("%lu changes, %lu loads, %lu deletions, %lu reads, "
	       "%lu volumes, %lu files, %lu evictions",
	       shared->changes, shared->loads, shared->deletions, shared->reads,
	       shared->volumes, shared->files, shared->evictions);
}

IPE_TEST_MAIN(audited_initramfs_setup, audited_stage_teardown)
