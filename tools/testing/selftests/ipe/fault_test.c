// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - memory that runs out
 *
 * Each thing that can be done with IPE is done over and over, and each time
 * another allocation of the kernel fails: the first, the second, until there is
 * none left to fail; and then all of them, from ever later on. Whatever fails,
 * the call has done all that it is for, or nothing.
 *
 * IPE_TEST_FAULT tells which allocation is the first to fail, where not all is to
 * be done again.
 */
#include <sys/mman.h>

#include "audit.h"
#include "fault.h"
#include "harness.h"
#include "stage.h"
#include "subject.h"

#define NAME IPE_PREFIX "_fault"
/* In emulation, with the kernel's checkers, a case may take long. */
#define LIMIT 3600
/* More allocations than any of the calls makes. */
#define MOST 20000
/* In how large steps memory grows before all allocations fail. */
#define STEP 256

/* In force while faults come: every kind of place has its answer. */
#define RULES                                                               \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=EXECUTE action=DENY\n"                                  \
	"op=EXECUTE boot_verified=TRUE action=ALLOW\n"                      \
	"op=EXECUTE fsverity_signature=TRUE action=ALLOW\n"                 \
	"op=EXECUTE dmverity_roothash=$dmvsigned dmverity_signature=TRUE "  \
	"action=ALLOW\n"
/* Allows memory that no file is behind, which the ones above do not. */
#define OTHER "DEFAULT action=ALLOW\nop=KMODULE action=DENY\n"

static char rules[1024];

/* What a test submits, and what is to be found afterwards. */
static struct blob message;
static struct ipe_version version;
static char path[PATH_MAX];
static struct volume volume;

/* Policies: the one in question is NAME. */

static int sign_new(unsigned int flags)
{
	version = ipe_version();
	blob_free(&message);
	return policy_sign(&message, NAME, &version, OTHER, flags);
}

static int prepare_new(void)
{
	return sign_new(SIGN_DER);
}

static int prepare_appended(void)
{
	return sign_new(SIGN_APPENDED);
}

static int prepare_untrusted(void)
{
	return sign_new(SIGN_UNTRUSTED);
}

static int prepare_changed(void)
{
	int err = sign_new(SIGN_APPENDED);

	if (!err)
		*(char *)memmem(message.data, message.len, "ALLOW", 5) = 'a';
	return err;
}

static int prepare_malformed(void)
{
	version = ipe_version();
	blob_free(&message);
	return policy_sign(&message, NAME, &version, OTHER "op=NOTHING\n",
			   SIGN_DER);
}

/* Longer than what the kernel allocates in one piece. */
static int prepare_long(void)
{
	static char text[128 * 1024];
	size_t len = sprintf(text, OTHER);

	while (len < sizeof(text) - 200)
		len += sprintf(text + len,
			       "op=FIRMWARE fsverity_digest=sha256:%064zx "
			       "action=DENY\n",
			       len);
	version = ipe_version();
	blob_free(&message);
	return policy_sign(&message, NAME, &version, text, SIGN_APPENDED);
}

static int prepare_loaded(void)
{
	return prepare_new() ?:
	       policy_submit(IPE_NEW_POLICY, message.data, message.len);
}

static int prepare_update(void)
{
	const int err = prepare_loaded();

	version.rev++;
	blob_free(&message);
	return err ?: policy_sign(&message, NAME, &version, OTHER, SIGN_DER);
}

static int prepare_update_active(void)
{
	const int err = prepare_loaded() ?: policy_activate(NAME);

	version.rev++;
	blob_free(&message);
	return err ?: policy_sign(&message, NAME, &version, rules, SIGN_DER);
}

static int prepare_active(void)
{
	return prepare_loaded() ?: policy_activate(NAME);
}

static int load(void)
{
	return policy_submit(IPE_NEW_POLICY, message.data, message.len);
}

static int load_in_pieces(void)
{
	const size_t piece = message.len / 5 + 1;
	int err = 0, fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	size_t at;

	if (fd < 0)
		return -errno;
	for (at = 0; !err && at < message.len; at += piece)
		err = write_fd(fd, message.data + at,
			       message.len - at < piece ? message.len - at :
							  piece);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int update(void)
{
	return policy_submit(policy_node(NAME, "update"), message.data,
			     message.len);
}

static int activate(void)
{
	return policy_activate(NAME);
}

static int delete(void)
{
	return policy_delete(NAME);
}

static bool is_loaded(void)
{
	char text[32], expected[32];
	unsigned char *kept = malloc(message.len + 2);
	bool same;

	snprintf(expected, sizeof(expected), "%hu.%hu.%hu", version.major,
		 version.minor, version.rev);
	same = kept &&
	       read_file(policy_node(NAME, "version"), text, sizeof(text)) >
		       0 &&
	       !strcmp(text, expected) &&
	       read_file(policy_node(NAME, "pkcs7"), kept, message.len + 2) ==
		       message.len &&
	       !memcmp(kept, message.data, message.len) &&
	       !access(policy_node(NAME, "delete"), F_OK);
	free(kept);
	return same;
}

static bool is_active(void)
{
	char state[4];

	return is_loaded() &&
	       read_file(policy_node(NAME, "active"), state, sizeof(state)) ==
		       1 &&
	       state[0] == '1' && !try_mmap_anonymous();
}

/* The rules that forbid anonymous memory, under the name of the others. */
static bool is_updated_active(void)
{
	return is_loaded() && try_mmap_anonymous() == -EACCES;
}

static bool is_gone(void)
{
	return access(policy_node(NAME, "name"), F_OK) && errno == ENOENT;
}

/* The files that can be read; what is read must be what is there. */
static const char *const nodes[] = { "name", "version", "policy", "pkcs7",
				     "active" };
static struct blob contents[ARRAY_SIZE(nodes) + 2];

static const char *node(unsigned int i)
{
	switch (i) {
	case ARRAY_SIZE(nodes):
		return IPE_ENFORCE;
	case ARRAY_SIZE(nodes) + 1:
		return IPE_SUCCESS_AUDIT;
	default:
		return policy_node(NAME, nodes[i]);
	}
}

static int prepare_reading(void)
{
	static char text[16384];
	int err = prepare_loaded();
	unsigned int i;
	ssize_t len;

	for (i = 0; !err && i < ARRAY_SIZE(contents); i++) {
		len = read_file(node(i), text, sizeof(text));
		if (len <= 0)
			return len ?: -EIO;
		blob_free(&contents[i]);
		contents[i].data = malloc(len);
		if (!contents[i].data)
			return -ENOMEM;
		memcpy(contents[i].data, text, len);
		contents[i].len = len;
	}
	return err;
}

static int read_all(void)
{
	static char text[16384];
	unsigned int i;
	int err = 0;
	ssize_t len;

	for (i = 0; i < ARRAY_SIZE(contents); i++) {
		len = read_file(node(i), text, sizeof(text));
		if (len < 0)
			err = len;
		else if (len != contents[i].len ||
			 memcmp(text, contents[i].data, len))
			return 1;
	}
	return err;
}

/* The switches. */

static int permit(void)
{
	return write_string(IPE_ENFORCE, "0");
}

static bool is_permissive(void)
{
	return !try_mmap_anonymous();
}

static int undo_permit(void)
{
	return write_string(IPE_ENFORCE, "1");
}

static int record_success(void)
{
	return write_string(IPE_SUCCESS_AUDIT, "1");
}

static bool success_is_recorded(void)
{
	char state[4];

	return read_file(IPE_SUCCESS_AUDIT, state, sizeof(state)) == 1 &&
	       state[0] == '1';
}

/* Decisions. */

static int prepare_allowed(void)
{
	snprintf(path, sizeof(path), "%s", stage_path(PLACE_INITRAMFS, "probe"));
	return 0;
}

static int prepare_allowed_recorded(void)
{
	return prepare_allowed() ?: record_success();
}

static int prepare_denied(void)
{
	snprintf(path, sizeof(path), "%s", stage_path(PLACE_TMPFS, "probe"));
	return 0;
}

static int map(void)
{
	return try_mmap_path(path, MAP_PRIVATE);
}

static int protect(void)
{
	return try_mprotect_path(path);
}

static int execute(void)
{
	return try_execve_check_path(path);
}

static bool always(void)
{
	return true;
}

/* dm-verity. */

/*
 * Faults come while a table that is ready comes into force, which is when IPE is
 * told of it; all else is device-mapper's own. Each time with a new device: one
 * whose start has failed may start the next time, and fail each read.
 */
static int prepare_start(void)
{
	return volume_close(&volume) ?:
	       volume_prepare(&volume, &stage_dmv_signed, true);
}

static int resume_volume(void)
{
	return volume_resume(&volume);
}

static int map_on_volume(void)
{
	char file[PATH_MAX + 8];

	snprintf(file, sizeof(file), "%s/faulty/probe", stage_folder());
	return try_mmap_path(file, MAP_PRIVATE);
}

static bool volume_is_trusted(void)
{
	return !map_on_volume();
}

static bool started_volume_is_trusted(void)
{
	int err;

	snprintf(path, sizeof(path), "%s/faulty", stage_folder());
	err = volume_mount(&volume, path);
	if (err)
		printf("# mount of %s: %d\n", volume.device, err);
	return !err && volume_is_trusted();
}

static int close_volume(void)
{
	return volume_close(&volume);
}

static int prepare_reload(const struct image *from, bool from_signed,
			  const struct image *to, bool to_signed)
{
	int err = volume_close(&volume);

	snprintf(path, sizeof(path), "%s/faulty", stage_folder());
	err = err ?: volume_open(&volume, from, from_signed, path);
	if (err)
		return err;
	if (map_on_volume() != (from_signed ? 0 : -EACCES))
		return -EIO;
	return volume_prepare_reload(&volume, to, to_signed);
}

/* A volume that gets another table: first not trusted, then trusted. */
static int prepare_trusted(void)
{
	return prepare_reload(&stage_dmv, false, &stage_dmv_signed, true);
}

/* First trusted, then not. */
static int prepare_distrusted(void)
{
	return prepare_reload(&stage_dmv_signed, true, &stage_dmv, false);
}

static bool volume_is_distrusted(void)
{
	return map_on_volume() == -EACCES;
}

/*
 * Whatever device-mapper made of it: what is trusted is the volume that it has.
 * A question that does not read the file, as that waits for a suspended device.
 */
static bool trust_is_deserved(void)
{
	char file[PATH_MAX + 8];

	snprintf(file, sizeof(file), "%s/faulty/probe", stage_folder());
	return try_execve_check_path(file) ||
	       volume_serves(&volume, &stage_dmv_signed);
}

/* fs-verity: a file of its own each time, as it is protected for good. */
static struct blob signature;

static int prepare_file(void)
{
	int err;

	snprintf(path, sizeof(path), "%s-fault",
		 stage_path(PLACE_EXT4, "probe"));
	unlink(path);
	err = copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755);
	blob_free(&signature);
	return err ?: fsverity_sign(stage_path(PLACE_FSV, "probe"), &signature);
}

static int enable(void)
{
	return fsverity_enable(path, 1, &signature);
}

static bool file_is_trusted(void)
{
	return !map();
}

/* fs-verity looks at the signature anew when the inode comes back. */
static int prepare_evicted(void)
{
	snprintf(path, sizeof(path), "%s",
		 stage_path(PLACE_FSV_SIGNED, "probe"));
	sync();
	return write_string("/proc/sys/vm/drop_caches", "3");
}

FIXTURE(fault)
{
};

FIXTURE_VARIANT(fault)
{
	/* The place without which it cannot be done. */
	enum place place;
	/* Brings about the state before, in which RULES are in force. */
	int (*prepare)(void);
	/* Also after a call that failed, which should not need it. */
	bool prepare_always;
	/* What is done while allocations fail, and its result if none does. */
	int (*run)(void);
	int result;
	/* Whether all of it happened, where it says that it has. */
	bool (*done)(void);
	/* What must be true whether it was done or not. */
	bool (*holds)(void);
	/* Takes back what the usual reset does not. */
	int (*undo)(void);
	/* Clears up behind itself, which must not fail. */
	bool one_at_a_time;
};

#define FAULT(id, ...) FIXTURE_VARIANT_ADD(fault, id) { __VA_ARGS__ }

/* clang-format off */
FAULT(load, .prepare = prepare_new, .run = load, .done = is_loaded);
FAULT(load_appended, .prepare = prepare_appended, .run = load, .done = is_loaded);
FAULT(load_in_pieces, .prepare = prepare_new, .run = load_in_pieces, .done = is_loaded);
FAULT(load_long, .prepare = prepare_long, .run = load, .done = is_loaded);
FAULT(load_long_in_pieces, .prepare = prepare_long, .run = load_in_pieces, .done = is_loaded);
FAULT(load_untrusted, .prepare = prepare_untrusted, .run = load, .result = -ENOKEY);
FAULT(load_changed, .prepare = prepare_changed, .run = load, .result = -EKEYREJECTED);
FAULT(load_malformed, .prepare = prepare_malformed, .run = load, .result = -EBADMSG);
FAULT(load_existing, .prepare = prepare_loaded, .run = load, .result = -EEXIST);
FAULT(update, .prepare = prepare_update, .run = update, .done = is_loaded);
FAULT(update_same, .prepare = prepare_loaded, .run = update, .done = is_loaded);
FAULT(update_active, .prepare = prepare_update_active, .run = update, .done = is_updated_active);
FAULT(activate, .prepare = prepare_loaded, .run = activate, .done = is_active);
FAULT(activate_again, .prepare = prepare_active, .run = activate, .done = is_active);
FAULT(delete, .prepare = prepare_loaded, .run = delete, .done = is_gone);
FAULT(delete_active, .prepare = prepare_active, .run = delete, .result = -EPERM);
FAULT(read, .prepare = prepare_reading, .run = read_all, .done = always);
FAULT(enforce, .run = permit, .done = is_permissive, .undo = undo_permit);
FAULT(success_audit, .run = record_success, .done = success_is_recorded);
FAULT(mmap_allowed, .prepare = prepare_allowed, .run = map, .done = always);
FAULT(mmap_allowed_recorded, .prepare = prepare_allowed_recorded, .run = map, .done = always);
FAULT(mmap_denied, .prepare = prepare_denied, .run = map, .result = -EACCES);
FAULT(mprotect_allowed, .prepare = prepare_allowed, .run = protect, .done = always);
FAULT(mprotect_denied, .prepare = prepare_denied, .run = protect, .result = -EACCES);
FAULT(execute_allowed, .prepare = prepare_allowed, .run = execute, .done = always);
FAULT(execute_denied, .prepare = prepare_denied, .run = execute, .result = -EACCES);
FAULT(dmverity_start, .place = PLACE_DMV_SIGNED, .prepare = prepare_start, .prepare_always = true, .run = resume_volume, .done = started_volume_is_trusted, .undo = close_volume);
FAULT(dmverity_trust, .place = PLACE_DMV_SIGNED, .prepare = prepare_trusted, .prepare_always = true, .run = resume_volume, .done = volume_is_trusted, .holds = trust_is_deserved, .undo = close_volume);
FAULT(dmverity_distrust, .place = PLACE_DMV_SIGNED, .prepare = prepare_distrusted, .prepare_always = true, .run = resume_volume, .done = volume_is_distrusted, .holds = trust_is_deserved, .undo = close_volume);
FAULT(fsverity_enable, .place = PLACE_FSV_SIGNED, .prepare = prepare_file, .prepare_always = true, .run = enable, .done = file_is_trusted, .one_at_a_time = true);
FAULT(fsverity_evicted, .place = PLACE_FSV_SIGNED, .prepare = prepare_evicted, .prepare_always = true, .run = map, .done = always, .one_at_a_time = true);
/* clang-format on */

FIXTURE_SETUP(fault)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, stage_rules(rules, sizeof(rules), RULES));
	/* So that no fault is spent on the memory of this program. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

RESET_AFTER(fault)

/* All that IPE shows, and what it decides. */
struct state {
	char digest[65];
	int initramfs, tmpfs, anonymous, program;
};

static int take_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->initramfs = try_mmap_path(stage_path(PLACE_INITRAMFS, "probe"),
					 MAP_PRIVATE);
	state->tmpfs = try_mmap_path(stage_path(PLACE_TMPFS, "probe"),
				     MAP_PRIVATE);
	state->anonymous = try_mmap_anonymous();
	state->program =
		try_execve_check_path(stage_path(PLACE_TMPFS, "probe"));
	return ipe_snapshot(state->digest);
}

/* The state in which the call is made: where nothing was changed, that of before. */
static void begin(struct __test_metadata *_metadata,
		  const FIXTURE_VARIANT(fault) *variant, bool changed,
		  struct state *before)
{
	if (changed) {
		ASSERT_EQ(0, ipe_reset());
		ASSERT_EQ(0, policy_enforce_rules(rules));
	}
	if (variant->prepare && (changed || variant->prepare_always)) {
		ASSERT_EQ(0, variant->prepare());
	}
	if (changed) {
		ASSERT_EQ(0, take_state(before));
	}
}

/* What came of it. Returns whether anything was changed. */
static bool judge(struct __test_metadata *_metadata,
		  const FIXTURE_VARIANT(fault) *variant, int result,
		  const struct state *before, unsigned int number)
{
	struct state after;

	if (variant->holds) {
		EXPECT_TRUE(variant->holds())
		{
			TH_LOG("fault %u: %d, and wrong", number, result);
		}
	}
	if (!result && variant->done) {
		EXPECT_TRUE(variant->done())
		{
			TH_LOG("fault %u: done in part", number);
		}
		if (variant->undo) {
			EXPECT_EQ(0, variant->undo());
		}
		return true;
	}
	/* It failed, and there must be nothing of it. */
	EXPECT_GT(0, result)
	{
		TH_LOG("fault %u: %d", number, result);
	}
	ASSERT_EQ(0, take_state(&after));
	EXPECT_EQ(0, memcmp(before, &after, sizeof(after)))
	{
		TH_LOG("fault %u: %d, and not as before", number, result);
	}
	return false;
}

TEST_F_TIMEOUT(fault, one, LIMIT)
{
	const char *first = getenv("IPE_TEST_FAULT");
	unsigned int nth, faults = 0, failures = 0;
	bool changed = true;
	struct state before;
	int result = 0, hit;

	for (nth = first ? atoi(first) : 1; nth < MOST; nth++) {
		begin(_metadata, variant, changed, &before);
		ASSERT_EQ(0, fault_nth(nth));
		result = variant->run();
		hit = fault_end();
		ASSERT_LE(0, hit);
		if (!hit)
			break;
		faults++;
		failures += result != variant->result;
		changed = judge(_metadata, variant, result, &before, nth);
		/* One wrong is enough to know. */
		if (!__test_passed(_metadata))
			return;
	}
	/* There was nothing left to fail. */
	EXPECT_EQ(variant->result, result);
	judge(_metadata, variant, result, &before, nth);
	EXPECT_LT(0, faults);
	TH_LOG("%u faults, of which %u had the call fail", faults, failures);
}

TEST_F_TIMEOUT(fault, all, LIMIT)
{
	unsigned int bytes, rounds = 0, faults = 0, failures = 0;
	bool changed = true;
	struct state before;
	int result, hits;

	if (variant->one_at_a_time)
		SKIP(return, "it has to be able to clear up");
	for (bytes = 0; bytes < MOST * STEP; bytes += STEP) {
		begin(_metadata, variant, changed, &before);
		ASSERT_EQ(0, fault_after(bytes));
		result = variant->run();
		hits = fault_end();
		ASSERT_LE(0, hits);
		if (!hits)
			break;
		rounds++;
		faults += hits;
		failures += result != variant->result;
		changed = judge(_metadata, variant, result, &before, bytes);
		if (!__test_passed(_metadata))
			return;
	}
	EXPECT_EQ(variant->result, result);
	judge(_metadata, variant, result, &before, bytes);
	EXPECT_LT(0, faults);
	TH_LOG("%u faults in %u rounds, of which %u had the call fail", faults,
	       rounds, failures);
}

/* Comes last: nothing of all that is left. */
FIXTURE(afterwards)
{
};

FIXTURE_SETUP(afterwards)
{
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN(afterwards)
{
}

TEST_F_TIMEOUT(afterwards, no_leaks, LIMIT)
{
	if (!leaks_are_found())
		SKIP(return, "the kernel was built without CONFIG_DEBUG_KMEMLEAK");
	EXPECT_EQ(0, leaks_print());
}

TEST_F(afterwards, works)
{
	ASSERT_EQ(0, policy_enforce_rules("DEFAULT action=DENY\n"
					  "op=EXECUTE boot_verified=TRUE "
					  "action=ALLOW\n"));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, ipe_reset());
}

static const char *setup(void)
{
	const char *reason = audited_initramfs_setup();

	if (!reason && leaks_are_found() && leaks_forget())
		reason = "kmemleak cannot be cleared";
	return reason;
}

IPE_TEST_MAIN_UNLESS(faults_prepare(), setup, audited_stage_teardown)
