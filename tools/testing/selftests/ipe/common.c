// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - securityfs, policies, and the state between tests
 *
 * A policy can become active only if its version is not below that of the
 * active one, and the active one cannot be deleted. So nothing restores the
 * state after boot. Between tests the policy ksft_base is active: it allows
 * everything and has the highest version so far.
 */
#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common.h"

#define BASE_NAME IPE_PREFIX "_base"

/* The path of a file beside the test program. */
const char *test_path(char *buf, size_t size, const char *file)
{
	static char dir[PATH_MAX];
	char exe[PATH_MAX];
	ssize_t len;

	if (!dir[0]) {
		len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		exe[len < 0 ? 0 : len] = '\0';
		snprintf(dir, sizeof(dir), "%s", dirname(exe));
	}
	if (snprintf(buf, size, "%s/%s", dir, file) >= (int)size)
		return NULL;
	return buf;
}

/* Writes everything with one write(2). */
int write_fd(int fd, const void *data, size_t len)
{
	ssize_t done = write(fd, data, len);

	if (done < 0)
		return -errno;
	return (size_t)done == len ? 0 : -EIO;
}

/* One write(2); an error that only close(2) reports counts as well. */
int write_file(const char *path, const void *data, size_t len)
{
	int fd, err;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_fd(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int write_string(const char *path, const char *string)
{
	return write_file(path, string, strlen(string));
}

/* Returns the length; terminates the data with a NUL. */
ssize_t read_file(const char *path, void *buf, size_t size)
{
	ssize_t len, done = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		len = read(fd, (char *)buf + done, size - 1 - done);
		if (len < 0) {
			done = -errno;
			close(fd);
			return done;
		}
		done += len;
	} while (len && (size_t)done < size - 1);
	close(fd);
	((char *)buf)[done] = '\0';
	return done;
}

int blob_read(const char *path, struct blob *blob)
{
	struct stat st;
	ssize_t len;

	blob->data = NULL;
	if (stat(path, &st))
		return -errno;
	blob->data = malloc(st.st_size + 1);
	if (!blob->data)
		return -ENOMEM;
	len = read_file(path, blob->data, st.st_size + 1);
	if (len < 0) {
		blob_free(blob);
		return len;
	}
	blob->len = len;
	return 0;
}

int copy_file(const char *from, const char *to, mode_t mode)
{
	struct blob blob;
	int fd, err;

	err = blob_read(from, &blob);
	if (err)
		return err;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0) {
		err = -errno;
	} else {
		err = write_fd(fd, blob.data, blob.len);
		if (close(fd) && !err)
			err = -errno;
	}
	blob_free(&blob);
	return err;
}

/* The path of a securityfs file of a policy; valid for the next three calls. */
const char *policy_file(const char *name, const char *file)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, PATH_MAX, IPE_POLICIES "/%s/%s", name, file);
	return path;
}

/* The header, then the rules. NULL as version means that of the active policy. */
int policy_text(struct blob *text, const char *name,
		const struct ipe_version *version, const char *rules)
{
	const struct ipe_version current = version ? *version : ipe_version();
	int len;

	len = asprintf((char **)&text->data,
		       "policy_name=%s policy_version=%hu.%hu.%hu\n%s", name,
		       current.major, current.minor, current.rev, rules);
	if (len < 0)
		return -ENOMEM;
	text->len = len;
	return 0;
}

int policy_sign(struct blob *policy, const char *name,
		const struct ipe_version *version, const char *rules,
		unsigned int flags)
{
	struct blob text;
	int err;

	err = policy_text(&text, name, version, rules);
	if (err)
		return err;
	err = sign_blob(text.data, text.len, flags, policy);
	blob_free(&text);
	return err;
}

/* Writes a signed policy to new_policy or to a file "update". */
int policy_submit(const char *file, const void *data, size_t len)
{
	return write_file(file, data, len);
}

int policy_submit_text(const char *file, const char *text, size_t len,
		       unsigned int flags)
{
	struct blob policy;
	int err;

	err = sign_blob(text, len, flags, &policy);
	if (err)
		return err;
	err = policy_submit(file, policy.data, policy.len);
	blob_free(&policy);
	return err;
}

static int policy_put(const char *file, const char *name,
		      const struct ipe_version *version, const char *rules)
{
	struct blob policy;
	int err;

	err = policy_sign(&policy, name, version, rules, SIGN_DER);
	if (err)
		return err;
	err = policy_submit(file, policy.data, policy.len);
	blob_free(&policy);
	return err;
}

int policy_load(const char *name, const struct ipe_version *version,
		const char *rules)
{
	return policy_put(IPE_NEW_POLICY, name, version, rules);
}

int policy_update(const char *name, const struct ipe_version *version,
		  const char *rules)
{
	return policy_put(policy_file(name, "update"), name, version, rules);
}

int policy_activate(const char *name)
{
	return write_string(policy_file(name, "active"), "1");
}

int policy_delete(const char *name)
{
	return write_string(policy_file(name, "delete"), "1");
}

bool policy_exists(const char *name)
{
	return !access(policy_file(name, "name"), F_OK);
}

/*
 * The content of the file "active": '0' or '1'; '?' if the policy does not
 * exist.
 */
char policy_state(const char *name)
{
	char state[4] = "?";

	read_file(policy_file(name, "active"), state, sizeof(state));
	return state[0];
}

static int read_version(const char *name, struct ipe_version *version)
{
	char text[32];
	ssize_t len;

	len = read_file(policy_file(name, "version"), text, sizeof(text));
	if (len < 0)
		return len;
	if (sscanf(text, "%hu.%hu.%hu", &version->major, &version->minor,
		   &version->rev) != 3)
		return -EBADMSG;
	return 0;
}

/* Finds the active policy, -ENOENT if there is none. */
int policy_active(char *name, size_t size, struct ipe_version *version)
{
	struct dirent *entry;
	int err = -ENOENT;
	DIR *dir;

	dir = opendir(IPE_POLICIES);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (policy_state(entry->d_name) != '1')
			continue;
		snprintf(name, size, "%s", entry->d_name);
		err = read_version(entry->d_name, version);
		break;
	}
	closedir(dir);
	return err;
}

/* The lowest version with which a policy can become active. */
struct ipe_version ipe_version(void)
{
	struct ipe_version version = {};
	char name[NAME_MAX + 1];

	policy_active(name, sizeof(name), &version);
	return version;
}

/* Makes these rules active, and no others. */
int policy_enforce_rules(const char *rules)
{
	int err;

	err = policy_load(RULES_NAME, NULL, rules);
	if (err)
		return err;
	return policy_activate(RULES_NAME);
}

static bool version_equal(const struct ipe_version *a,
			  const struct ipe_version *b)
{
	return a->major == b->major && a->minor == b->minor &&
	       a->rev == b->rev;
}

static int activate_base(void)
{
	static const char rules[] = "DEFAULT action=ALLOW\n";
	struct ipe_version version = {}, base;
	char name[NAME_MAX + 1];
	int err;

	err = policy_active(name, sizeof(name), &version);
	if (err && err != -ENOENT)
		return err;
	if (!err && !strcmp(name, BASE_NAME))
		return 0;

	if (!policy_exists(BASE_NAME)) {
		err = policy_load(BASE_NAME, &version, rules);
	} else {
		err = read_version(BASE_NAME, &base);
		if (!err && !version_equal(&base, &version))
			err = policy_update(BASE_NAME, &version, rules);
	}
	if (err)
		return err;
	return policy_activate(BASE_NAME);
}

static int delete_others(void)
{
	struct dirent *entry;
	int err, ret = 0;
	DIR *dir;

	dir = opendir(IPE_POLICIES);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, IPE_PREFIX, strlen(IPE_PREFIX)) ||
		    !strcmp(entry->d_name, BASE_NAME))
			continue;
		err = policy_delete(entry->d_name);
		if (err && !ret)
			ret = err;
	}
	closedir(dir);
	return ret;
}

/* Restores the state in which each test begins. */
int ipe_reset(void)
{
	int err;

	err = write_string(IPE_ENFORCE, "1");
	if (err)
		return err;
	err = write_string(IPE_SUCCESS_AUDIT, "0");
	if (err)
		return err;
	err = activate_base();
	if (err)
		return err;
	return delete_others();
}

static int snapshot_file(FILE *to, const char *path)
{
	char chunk[4096];
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fprintf(to, "%s:", path);
	while ((len = read(fd, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, len, to);
	/* An unreadable file is part of the state, too, as with boot policies. */
	if (len < 0)
		fprintf(to, "errno=%d", errno);
	close(fd);
	return 0;
}

/* One digest over everything that IPE shows, to prove that nothing changed. */
int ipe_snapshot(char digest[65])
{
	static const char *const files[] = { "pkcs7", "policy", "name",
					     "version", "active" };
	struct dirent *entry;
	char *text = NULL;
	size_t i, len;
	int err = 0;
	FILE *to;
	DIR *dir;

	dir = opendir(IPE_POLICIES);
	if (!dir)
		return -errno;
	to = open_memstream(&text, &len);
	if (!to) {
		closedir(dir);
		return -ENOMEM;
	}
	err = snapshot_file(to, IPE_ENFORCE);
	if (!err)
		err = snapshot_file(to, IPE_SUCCESS_AUDIT);
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (i = 0; !err && i < sizeof(files) / sizeof(*files); i++)
			err = snapshot_file(to, policy_file(entry->d_name,
							    files[i]));
	}
	closedir(dir);
	if (fclose(to) && !err)
		err = -EIO;
	if (!err)
		err = sign_sha256(text, len, digest);
	free(text);
	return err;
}

/* Says why the tests cannot run here; NULL if they can. */
const char *ipe_unavailable(void)
{
	char path[PATH_MAX];
	const char *keys;

	if (getuid())
		return "root is needed";
	if (access("/sys/kernel/security", F_OK))
		return "the kernel has no securityfs";
	if (access(IPE_ROOT, F_OK) &&
	    mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL))
		return "securityfs cannot be mounted";
	if (access(IPE_ROOT, F_OK))
		return "IPE is not active in this kernel";

	keys = getenv("IPE_TEST_KEYS");
	if (!keys)
		keys = test_path(path, sizeof(path), "keys");
	if (sign_setup(keys))
		return "no keys to sign with (IPE_TEST_KEYS, or the directory keys)";
	return NULL;
}

/*
 * Whether the kernel has CONFIG_IPE_STRICT_POLICY. The tests do not find that
 * out from the kernel: one that is strict by mistake must fail.
 */
bool ipe_is_strict(void)
{
	const char *strict = getenv("IPE_TEST_STRICT");

	return strict && *strict;
}

/*
 * Whether CONFIG_IPE_POLICY_SIGNERS lists the certificate of the trusted key, and no
 * other.
 */
bool ipe_lists_signers(void)
{
	const char *listed = getenv("IPE_TEST_SIGNERS");

	return listed && *listed;
}

static int cap_get(struct __user_cap_header_struct *header,
		   struct __user_cap_data_struct data[2])
{
	header->version = _LINUX_CAPABILITY_VERSION_3;
	header->pid = 0;
	return syscall(SYS_capget, header, data) ? -errno : 0;
}

static int cap_set(struct __user_cap_header_struct *header,
		   struct __user_cap_data_struct data[2])
{
	return syscall(SYS_capset, header, data) ? -errno : 0;
}

/* Makes a capability of this process effective, or takes it away. */
static int cap_change(int cap, bool on, bool for_good)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2], *its = &data[CAP_TO_INDEX(cap)];
	int err;

	err = cap_get(&header, data);
	if (err)
		return err;
	if (on)
		its->effective |= CAP_TO_MASK(cap);
	else
		its->effective &= ~CAP_TO_MASK(cap);
	if (for_good) {
		its->permitted &= ~CAP_TO_MASK(cap);
		its->inheritable &= ~CAP_TO_MASK(cap);
	}
	return cap_set(&header, data);
}

/* Makes a permitted capability of this process effective, or not. */
int cap_effective(int cap, bool on)
{
	return cap_change(cap, on, false);
}

/* Gives up a capability for good. */
int cap_drop(int cap)
{
	return cap_change(cap, false, true);
}
