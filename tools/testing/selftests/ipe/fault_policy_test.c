// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - memory runs out while policies and switches change
 */
#include "fault_fixture.h"
#include "origin.h"

#define NAME IPE_PREFIX "_fault"
/* Allows anonymous memory, unlike the rules of the fixture. */
#define OTHER "DEFAULT action=ALLOW\nop=KMODULE action=DENY\n"

/* The message that a test submits, and the state it expects afterwards. */
static struct blob message;
static struct ipe_version version;

/* Policies: NAME is the one under test. */

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

/* Longer than any contiguous allocation of the kernel. */
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

/* Policies without a signature: the path is the message. */

static int prepare_file(enum place place, const char *text)
{
	char path[PATH_MAX];

	blob_free(&message);
	snprintf(path, sizeof(path), "%s", stage_path(place, "fault.pol"));
	message.data = (unsigned char *)strdup(path);
	if (!message.data)
		return -ENOMEM;
	message.len = strlen(path);
	return origin_write(path, NAME, &version, text);
}

static int prepare_from_file(void)
{
	version = ipe_version();
	return prepare_file(PLACE_INITRAMFS, OTHER);
}

static int prepare_from_file_denied(void)
{
	version = ipe_version();
	return prepare_file(PLACE_TMPFS, OTHER);
}

static int prepare_from_file_malformed(void)
{
	version = ipe_version();
	return prepare_file(PLACE_INITRAMFS, OTHER "op=NOTHING\n");
}

static int prepare_from_file_missing(void)
{
	const int err = prepare_from_file();

	message.data[message.len - 1] = 'x';
	return err;
}

static int load_file(void)
{
	return policy_submit(IPE_NEW_POLICY, message.data, message.len);
}

static int prepare_loaded_from_file(void)
{
	return prepare_from_file() ?: load_file();
}

static int prepare_update_from_file(void)
{
	const int err = prepare_loaded_from_file();

	version.rev++;
	return err ?: prepare_file(PLACE_INITRAMFS, OTHER);
}

/* The active policy has to allow the file of the next one. */
static int prepare_update_active_from_file(void)
{
	int err = prepare_from_file();

	err = err ?: prepare_file(PLACE_INITRAMFS, rules) ?: load_file();
	err = err ?: policy_activate(NAME);
	version.rev++;
	return err ?: prepare_file(PLACE_INITRAMFS, OTHER);
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
	return policy_submit(policy_file(NAME, "update"), message.data,
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
	       read_file(policy_file(NAME, "version"), text, sizeof(text)) >
		       0 &&
	       !strcmp(text, expected) &&
	       read_file(policy_file(NAME, "pkcs7"), kept, message.len + 2) ==
		       message.len &&
	       !memcmp(kept, message.data, message.len) &&
	       !access(policy_file(NAME, "delete"), F_OK);
	free(kept);
	return same;
}

static bool is_active(void)
{
	return is_loaded() && policy_state(NAME) == '1' &&
	       !try_mmap_anonymous();
}

/* Rules that deny anonymous memory, under the name of the others. */
static bool is_updated_active(void)
{
	return is_loaded() && try_mmap_anonymous() == -EACCES;
}

/* It has the text of its file, and no message. */
static bool is_loaded_from_file(void)
{
	static char text[16384], want[16384];
	const ssize_t len = read_file(policy_file(NAME, "policy"), text,
				      sizeof(text));
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)message.len, message.data);
	return len > 0 && read_file(path, want, sizeof(want)) == len &&
	       !memcmp(text, want, len) &&
	       read_file(policy_file(NAME, "pkcs7"), want, sizeof(want)) ==
		       -ENOENT &&
	       !access(policy_file(NAME, "delete"), F_OK);
}

static bool is_updated_active_from_file(void)
{
	return is_loaded_from_file() && policy_state(NAME) == '1' &&
	       !try_mmap_anonymous();
}

static bool is_gone(void)
{
	return access(policy_file(NAME, "name"), F_OK) && errno == ENOENT;
}

/* The readable files; each read must return the whole content. */
static const char *const files[] = { "name", "version", "policy", "pkcs7",
				     "active" };
static struct blob contents[ARRAY_SIZE(files) + 2];

static const char *file(unsigned int i)
{
	switch (i) {
	case ARRAY_SIZE(files):
		return IPE_ENFORCE;
	case ARRAY_SIZE(files) + 1:
		return IPE_SUCCESS_AUDIT;
	default:
		return policy_file(NAME, files[i]);
	}
}

static int prepare_reading(void)
{
	static char text[16384];
	int err = prepare_loaded();
	unsigned int i;
	ssize_t len;

	for (i = 0; !err && i < ARRAY_SIZE(contents); i++) {
		len = read_file(file(i), text, sizeof(text));
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
		len = read_file(file(i), text, sizeof(text));
		if (len < 0)
			err = len;
		else if (len != contents[i].len ||
			 memcmp(text, contents[i].data, len))
			return 1;
	}
	return err;
}

static int note_rules(void)
{
	return write_string(policy_file(NAME, "unused"), "1");
}

/* The one rule of it, which has not decided. */
static bool rules_are_noted(void)
{
	char list[256];

	return read_file(policy_file(NAME, "unused"), list, sizeof(list)) > 0;
}

static int begin_trial(void)
{
	return write_string(policy_file(NAME, "trial"), "1");
}

static bool is_on_trial(void)
{
	char state[4], stats[512];

	return read_file(policy_file(NAME, "trial"), state, sizeof(state)) ==
		       1 &&
	       state[0] == '1' &&
	       read_file(policy_file(NAME, "trial_stats"), stats,
			 sizeof(stats)) > 0;
}

static int prepare_trial(void)
{
	return prepare_loaded() ?: begin_trial();
}

static int end_trial(void)
{
	return write_string(policy_file(NAME, "trial"), "0");
}

static bool trial_has_ended(void)
{
	char state[4];

	return is_loaded() &&
	       read_file(policy_file(NAME, "trial"), state, sizeof(state)) ==
		       1 &&
	       state[0] == '0';
}

/* Activated, it is not on trial any more. */
static bool is_promoted(void)
{
	return is_active() && trial_has_ended();
}

/* A trial needs memory for the new version, too. */
static int prepare_update_trial(void)
{
	return prepare_update() ?: begin_trial();
}

static bool is_updated_on_trial(void)
{
	return is_loaded() && is_on_trial();
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
FAULT(note_rules, .prepare = prepare_loaded, .run = note_rules, .done = rules_are_noted);
FAULT(begin_trial, .prepare = prepare_loaded, .run = begin_trial, .done = is_on_trial);
FAULT(begin_trial_again, .prepare = prepare_trial, .run = begin_trial, .done = is_on_trial, .holds = is_on_trial);
FAULT(end_trial, .prepare = prepare_trial, .run = end_trial, .done = trial_has_ended);
FAULT(promote, .prepare = prepare_trial, .run = activate, .done = is_promoted);
FAULT(delete_trial, .prepare = prepare_trial, .run = delete, .done = is_gone);
FAULT(load_from_file, .prepare = prepare_from_file, .run = load_file, .done = is_loaded_from_file);
FAULT(load_from_file_denied, .prepare = prepare_from_file_denied, .run = load_file, .result = -EACCES);
FAULT(load_from_file_malformed, .prepare = prepare_from_file_malformed, .run = load_file, .result = -EBADMSG);
FAULT(load_from_file_missing, .prepare = prepare_from_file_missing, .run = load_file, .result = -ENOENT);
FAULT(update_from_file, .prepare = prepare_update_from_file, .run = update, .done = is_loaded_from_file);
FAULT(update_active_from_file, .prepare = prepare_update_active_from_file, .run = update, .done = is_updated_active_from_file);
FAULT(update_trial, .prepare = prepare_update_trial, .run = update, .done = is_updated_on_trial, .holds = is_on_trial);
FAULT(enforce, .run = permit, .done = is_permissive, .undo = undo_permit);
FAULT(success_audit, .run = record_success, .done = success_is_recorded);
/* clang-format on */

IPE_TEST_MAIN_UNLESS(faults_prepare(), faults_setup, audited_stage_teardown)
