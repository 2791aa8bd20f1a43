// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies without a signature, from files that the active policy
 * allows: which files, which rules, and what a write must look like
 */
#include <linux/capability.h>
#include <linux/fsverity.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "audit.h"
#include "harness.h"
#include "origin.h"
#include "stage.h"

#define OTHER IPE_PREFIX "_other"

/* A file of the initramfs with a policy, and rules that allow it. */
FIXTURE(origin)
{
	char path[PATH_MAX];
};

FIXTURE_SETUP(origin)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->path, sizeof(self->path), "%s",
		 stage_path(PLACE_INITRAMFS, "origin.pol"));
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, policy_enforce_rules(FROM("boot_verified=TRUE")));
}

FIXTURE_TEARDOWN_PARENT(origin)
{
	unlink(self->path);
	EXPECT_EQ(0, ipe_reset());
}

/* The write fails with this errno, and nothing has changed. */
#define EXPECT_REFUSED(err, file, data, len)                                \
	do {                                                                \
		char before[65];                                            \
		ASSERT_EQ(0, ipe_snapshot(before));                         \
		EXPECT_EQ(err, policy_submit(file, data, len));             \
		expect_unchanged(_metadata, before);                        \
	} while (0)

#define EXPECT_PATH_REFUSED(err, path)                                      \
	EXPECT_REFUSED(err, IPE_NEW_POLICY, path, strlen(path))

TEST_F(origin, loaded)
{
	struct blob text, shown = {};
	char byte[2];

	ASSERT_EQ(0, origin_load(self->path));
	EXPECT_EQ('0', policy_state(ORIGIN_NAME));
	ASSERT_EQ(0, policy_text(&text, ORIGIN_NAME, NULL, ALLOW));
	shown.data = calloc(1, text.len + 2);
	shown.len = read_file(policy_file(ORIGIN_NAME, "policy"), shown.data,
			      text.len + 2);
	EXPECT_EQ(text.len, shown.len);
	EXPECT_EQ(0, memcmp(text.data, shown.data, text.len));
	/* Like a boot policy, it has no signed message. */
	EXPECT_EQ(-ENOENT, read_file(policy_file(ORIGIN_NAME, "pkcs7"), byte,
				     sizeof(byte)));
	EXPECT_EQ(0, policy_activate(ORIGIN_NAME));
	blob_free(&text);
	blob_free(&shown);
}

TEST_F(origin, newline)
{
	char path[PATH_MAX + 2];

	snprintf(path, sizeof(path), "%s\n", self->path);
	EXPECT_EQ(0, origin_load(path));
	ASSERT_EQ(0, policy_delete(ORIGIN_NAME));
	/* One is not part of the name, a second is. */
	strcat(path, "\n");
	EXPECT_PATH_REFUSED(-ENOENT, path);
}

/* As long as a path may be, with and without a newline. */
TEST_F(origin, long_path)
{
	char path[4096 + 2];
	size_t i;

	memset(path, '/', sizeof(path));
	for (i = 1; i < 4095 - strlen(self->path); i += 2)
		path[i] = '.';
	path[4095 - strlen(self->path) - 1] = '/';
	memcpy(path + 4095 - strlen(self->path), self->path,
	       strlen(self->path));
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, path, 4095));
	ASSERT_EQ(0, policy_delete(ORIGIN_NAME));
	path[4095] = '\n';
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, path, 4096));
	ASSERT_EQ(0, policy_delete(ORIGIN_NAME));
	EXPECT_REFUSED(-ENAMETOOLONG, IPE_NEW_POLICY, path, 4097);
	path[4095] = 'x';
	EXPECT_REFUSED(-ENAMETOOLONG, IPE_NEW_POLICY, path, 4096);
	EXPECT_REFUSED(-ENAMETOOLONG, IPE_NEW_POLICY, path, 4098);
}

TEST_F(origin, not_a_path)
{
	char nul[] = "/tmp\0/x";

	EXPECT_PATH_REFUSED(-EBADMSG, self->path + 1);
	EXPECT_PATH_REFUSED(-EBADMSG, "./origin.pol");
	EXPECT_REFUSED(-EINVAL, IPE_NEW_POLICY, nul, sizeof(nul) - 1);
	EXPECT_REFUSED(-EINVAL, IPE_NEW_POLICY, nul, 5);
	/* Text, which must have a signature, goes on. */
	EXPECT_PATH_REFUSED(-EBADMSG, " /tmp");
}

/* A path takes one write, and what follows is not a part of it. */
TEST_F(origin, pieces)
{
	char before[65];
	/* The name without its end. */
	size_t part = strlen(self->path) - strlen(".pol");
	int fd;

	ASSERT_EQ(0, ipe_snapshot(before));
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOENT, write_fd(fd, self->path, part));
	EXPECT_EQ(-EBADMSG, write_fd(fd, ".pol", 4));
	expect_unchanged(_metadata, before);
	/* After an error, a path may follow. */
	EXPECT_EQ(0, write_fd(fd, self->path, strlen(self->path)));
	EXPECT_EQ(0, policy_delete(ORIGIN_NAME));
	/* Inside of a message it is not one. */
	EXPECT_EQ(0, write_fd(fd, "policy_name=", 12));
	EXPECT_EQ(0, write_fd(fd, self->path, strlen(self->path)));
	expect_unchanged(_metadata, before);
	EXPECT_EQ(-1, close(fd));
	EXPECT_EQ(EBADMSG, errno);
	expect_unchanged(_metadata, before);
}

TEST_F(origin, no_such_file)
{
	char link[PATH_MAX];

	EXPECT_PATH_REFUSED(-ENOENT, "/nothing");
	EXPECT_PATH_REFUSED(-ENOTDIR, "/proc/version/x");
	snprintf(link, sizeof(link), "%s.link", self->path);
	ASSERT_EQ(0, symlink(link, link));
	EXPECT_PATH_REFUSED(-ELOOP, link);
	ASSERT_EQ(0, unlink(link));
	/* A link is followed; the file that it leads to counts. */
	ASSERT_EQ(0, symlink(self->path, link));
	EXPECT_EQ(0, origin_load(link));
	EXPECT_EQ(0, unlink(link));
}

/* No other file is read, and none makes the write wait. */
TEST_F(origin, not_a_regular_file)
{
	char fifo[PATH_MAX];

	snprintf(fifo, sizeof(fifo), "%s.fifo", self->path);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	EXPECT_PATH_REFUSED(-EINVAL, fifo);
	EXPECT_EQ(0, unlink(fifo));
	EXPECT_PATH_REFUSED(-EINVAL, "/dev/zero");
	EXPECT_PATH_REFUSED(-EINVAL, "/");
	/* Of procfs and securityfs, nothing vouches for files. */
	EXPECT_PATH_REFUSED(-EACCES, "/proc/version");
	EXPECT_PATH_REFUSED(-EACCES, IPE_ENFORCE);
}

TEST_F(origin, capability)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	EXPECT_EQ(-EPERM, origin_load(self->path));
	EXPECT_EQ(-EPERM, origin_load("/nothing"));
	EXPECT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	expect_unchanged(_metadata, before);
}

/* Runs in a child; returns what it returns. */
#define IN_CHILD(code)                                                      \
	({                                                                  \
		int status = 0;                                             \
		pid_t child = fork();                                       \
		if (!child)                                                 \
			_exit(-(code));                                     \
		if (child < 0 || waitpid(child, &status, 0) < 0)            \
			status = 0xff00;                                    \
		-WEXITSTATUS(status);                                       \
	})

/* The writer opens the file, whoever has opened new_policy. */
static int write_as_nobody(int fd, const char *path)
{
	if (setgid(65534) || setuid(65534))
		return -EIO;
	return write_fd(fd, path, strlen(path));
}

TEST_F(origin, credentials_of_the_writer)
{
	int fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, chmod(self->path, 0600));
	EXPECT_EQ(-EACCES, IN_CHILD(write_as_nobody(fd, self->path)));
	EXPECT_FALSE(policy_exists(ORIGIN_NAME));
	ASSERT_EQ(0, chmod(self->path, 0644));
	EXPECT_EQ(0, IN_CHILD(write_as_nobody(fd, self->path)));
	EXPECT_TRUE(policy_exists(ORIGIN_NAME));
	close(fd);
}

static int write_in_chroot(int fd, const char *root, const char *path)
{
	if (chroot(root) || chdir("/"))
		return -EIO;
	return write_fd(fd, path, strlen(path));
}

/* The path is below the writer's root, in its mount namespace. */
TEST_F(origin, chroot)
{
	char root[PATH_MAX];
	int fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	snprintf(root, sizeof(root), "%s", stage_path(PLACE_INITRAMFS, ""));
	EXPECT_EQ(-ENOENT, IN_CHILD(write_in_chroot(fd, root, self->path)));
	EXPECT_EQ(0, IN_CHILD(write_in_chroot(fd, root, "/origin.pol")));
	EXPECT_TRUE(policy_exists(ORIGIN_NAME));
	close(fd);
}

static int write_in_namespace(const char *from, const char *at,
			      const char *path)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(from, at, NULL, MS_BIND, NULL))
		return -EIO;
	return origin_load(path);
}

TEST_F(origin, mount_namespace)
{
	char at[PATH_MAX], path[PATH_MAX];

	snprintf(at, sizeof(at), "%s/namespace", stage_dir());
	snprintf(path, sizeof(path), "%s/namespace/origin.pol", stage_dir());
	ASSERT_EQ(0, mkdir(at, 0755));
	EXPECT_EQ(0, IN_CHILD(write_in_namespace(
			     stage_path(PLACE_INITRAMFS, ""), at, path)));
	EXPECT_TRUE(policy_exists(ORIGIN_NAME));
	ASSERT_EQ(0, policy_delete(ORIGIN_NAME));
	/* Here it does not exist. */
	EXPECT_PATH_REFUSED(-ENOENT, path);
	EXPECT_EQ(0, rmdir(at));
}

/* Nobody may write the file while it is read. */
TEST_F(origin, writers)
{
	void *mapping;
	int fd;

	fd = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_PATH_REFUSED(-ETXTBSY, self->path);
	mapping = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mapping);
	close(fd);
	EXPECT_PATH_REFUSED(-ETXTBSY, self->path);
	ASSERT_EQ(0, munmap(mapping, 4096));
	EXPECT_EQ(0, origin_load(self->path));
}

/* Copying 16 MiB takes long in an emulated guest. */
TEST_F_TIMEOUT(origin, sizes, 600)
{
	struct blob text = {};

	ASSERT_EQ(0, origin_write_text(self->path, "", 0));
	EXPECT_PATH_REFUSED(-EINVAL, self->path);
	ASSERT_EQ(0, origin_write_text(self->path, "p", 1));
	EXPECT_PATH_REFUSED(-EBADMSG, self->path);
	ASSERT_EQ(0, origin_write_text(self->path, "\0", 1));
	EXPECT_PATH_REFUSED(-EBADMSG, self->path);

	ASSERT_EQ(0, policy_text(&text, ORIGIN_NAME, NULL, ALLOW));
	text.data = realloc(text.data, IPE_MAX_POLICY + 1);
	ASSERT_NE(NULL, text.data);
	memset(text.data + text.len, '\n', IPE_MAX_POLICY + 1 - text.len);
	ASSERT_EQ(0, origin_write_text(self->path, text.data,
				       IPE_MAX_POLICY + 1));
	EXPECT_PATH_REFUSED(-EFBIG, self->path);
	ASSERT_EQ(0, truncate(self->path, IPE_MAX_POLICY));
	EXPECT_EQ(0, origin_load(self->path));
	blob_free(&text);
}

/* A file has the text alone: a signature in it or behind it is an error. */
TEST_F(origin, signed_file)
{
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, ORIGIN_NAME, NULL, ALLOW, SIGN_DER));
	ASSERT_EQ(0, origin_write_text(self->path, policy.data, policy.len));
	EXPECT_PATH_REFUSED(-EBADMSG, self->path);
	blob_free(&policy);
	ASSERT_EQ(0, policy_sign(&policy, ORIGIN_NAME, NULL, ALLOW,
				 SIGN_APPENDED));
	ASSERT_EQ(0, origin_write_text(self->path, policy.data, policy.len));
	EXPECT_PATH_REFUSED(-EBADMSG, self->path);
	blob_free(&policy);
}

/* The rules of a policy's life are those of signed policies. */
TEST_F(origin, names_and_versions)
{
	struct ipe_version version = ipe_version();

	ASSERT_EQ(0, origin_load(self->path));
	EXPECT_PATH_REFUSED(-EEXIST, self->path);
	/* The same file again changes nothing. */
	EXPECT_EQ(0, origin_update(ORIGIN_NAME, self->path));
	/* The same version with another text. */
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, NULL, ALLOW "\n"));
	EXPECT_EQ(-ESTALE, origin_update(ORIGIN_NAME, self->path));
	version.rev++;
	ASSERT_EQ(0, origin_write(self->path, OTHER, &version, ALLOW));
	EXPECT_EQ(-EINVAL, origin_update(ORIGIN_NAME, self->path));
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, &version, ALLOW));
	EXPECT_EQ(0, origin_update(ORIGIN_NAME, self->path));
	EXPECT_EQ('0', policy_state(ORIGIN_NAME));
	/* A signed policy may replace it, and be replaced. */
	version.rev++;
	EXPECT_EQ(0, policy_update(ORIGIN_NAME, &version, ALLOW));
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, &version, ALLOW));
	EXPECT_EQ(-ESTALE, origin_update(ORIGIN_NAME, self->path));
	version.rev++;
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, &version, ALLOW));
	EXPECT_EQ(0, origin_update(ORIGIN_NAME, self->path));
}

/* Handing over once: the new policy does not have the rule. */
TEST_F(origin, handed_over)
{
	struct ipe_version version = ipe_version();

	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, NULL,
				  FROM("boot_verified=TRUE")));
	ASSERT_EQ(0, origin_load(self->path));
	ASSERT_EQ(0, policy_activate(ORIGIN_NAME));
	version.rev++;
	ASSERT_EQ(0, origin_write(self->path, ORIGIN_NAME, &version,
				  "DEFAULT action=ALLOW\n"
				  "op=POLICY action=DENY\n"));
	/* The active policy itself is replaced at once. */
	EXPECT_EQ(0, origin_update(ORIGIN_NAME, self->path));
	EXPECT_EQ('1', policy_state(ORIGIN_NAME));
	EXPECT_EQ(-EACCES, origin_update(ORIGIN_NAME, self->path));
	EXPECT_PATH_REFUSED(-EACCES, self->path);
}

/* What decides is the same in permissive mode. */
TEST_F(origin, permissive)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s",
		 stage_path(PLACE_TMPFS, "origin.pol"));
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_PATH_REFUSED(-EACCES, path);
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, origin_load(self->path));
}

/* Rules, and whether they allow a file of the initramfs. */
TEST_F(origin, rules)
{
	static const struct {
		const char *rules;
		int result;
	} cases[] = {
		{ "op=POLICY boot_verified=TRUE action=ALLOW\n", 0 },
		{ "op=POLICY fsverity_signature=FALSE boot_verified=TRUE "
		  "action=ALLOW\n", 0 },
		{ "", -EACCES },
		{ "DEFAULT op=POLICY action=ALLOW\n", -EACCES },
		{ "op=POLICY action=ALLOW\n", -EACCES },
		{ "op=POLICY dmverity_signature=FALSE action=ALLOW\n",
		  -EACCES },
		{ "op=POLICY anonymous_memory=FALSE action=ALLOW\n", -EACCES },
		{ "op=POLICY anonymous_memory=TRUE action=ALLOW\n", -EACCES },
		{ "op=EXECUTE boot_verified=TRUE action=ALLOW\n", -EACCES },
		{ "op=POLICY boot_verified=TRUE action=DENY\n", -EACCES },
		/* The first rule that matches decides, even if it is broad. */
		{ "op=POLICY action=ALLOW\n"
		  "op=POLICY boot_verified=TRUE action=ALLOW\n", -EACCES },
		{ "op=POLICY dmverity_signature=TRUE action=ALLOW\n", -EACCES },
	};
	char rules[512];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ASSERT_EQ(0, ipe_reset());
		snprintf(rules, sizeof(rules), "DEFAULT action=ALLOW\n%s",
			 cases[i].rules);
		ASSERT_EQ(0, policy_enforce_rules(rules));
		EXPECT_EQ(cases[i].result, origin_load(self->path)) {
			TH_LOG("%s", cases[i].rules);
		}
	}
}

/* Each place with the rule that names it, and with all others. */
TEST_F(origin, places)
{
	static const struct {
		enum place place;
		/* What is true of a file there, of the rules below. */
		unsigned int properties;
	} places[] = {
		{ PLACE_INITRAMFS, 1 << 0 },
		{ PLACE_TMPFS, 0 },
		{ PLACE_MEMFD, 0 },
		{ PLACE_EXT4, 0 },
		{ PLACE_FSV, 1 << 4 },
		{ PLACE_FSV_SIGNED, 1 << 3 | 1 << 4 },
		{ PLACE_DMV, 1 << 5 },
		{ PLACE_DMV_SIGNED, 1 << 1 | 1 << 2 },
		/* Whatever is below. */
		{ PLACE_OVERLAY_UPPER, 0 },
		{ PLACE_OVERLAY_DMV, 0 },
		{ PLACE_OVERLAY_INITRAMFS, 0 },
	};
	static const char *const rules[] = {
		"boot_verified=TRUE", "dmverity_signature=TRUE",
		"dmverity_roothash=$dmvsigned", "fsverity_signature=TRUE",
		"fsverity_digest=%s", "dmverity_roothash=$dmv",
	};
	char path[PATH_MAX], digest[DIGEST_TEXT], one[512], line[512];
	char file[PATH_MAX];
	size_t i, j;
	bool own;
	int err;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const enum place place = places[i].place;

		if (stage_missing(place)) {
			TH_LOG("%s", stage_missing(place));
			continue;
		}
		own = place == PLACE_DMV || place == PLACE_DMV_SIGNED ||
		      place == PLACE_OVERLAY_DMV;
		snprintf(path, sizeof(path), "%s",
			 stage_path(place, own ? "policy" : "file.pol"));
		err = 0;
		if (place == PLACE_MEMFD)
			err = origin_memfd(path, sizeof(path), ALLOW);
		else if (!own)
			err = origin_write(path, ORIGIN_NAME, NULL, ALLOW);
		ASSERT_EQ(0, err);
		/* A digest that no file has. */
		snprintf(digest, sizeof(digest), "sha256:%064x", 1);
		if (place == PLACE_FSV) {
			ASSERT_EQ(0, origin_protect(path, NULL, digest));
		}
		if (place == PLACE_FSV_SIGNED) {
			snprintf(file, sizeof(file), "%s",
				 stage_path(PLACE_FSV, "file.pol"));
			ASSERT_EQ(0, origin_protect(path, file, digest));
		}
		for (j = 0; j < sizeof(rules) / sizeof(*rules); j++) {
			ASSERT_EQ(0, ipe_reset());
			snprintf(one, sizeof(one), rules[j], digest);
			snprintf(line, sizeof(line), FROM("%s"), one);
			if (stage_enforce(line)) {
				TH_LOG("no rule %s", line);
				continue;
			}
			err = origin_load(path);
			EXPECT_EQ(places[i].properties & 1 << j ? 0 : -EACCES,
				  err) {
				TH_LOG("%s with %s", path, one);
			}
		}
		if (!own && place != PLACE_MEMFD && place != PLACE_FSV)
			unlink(path);
	}
	unlink(stage_path(PLACE_FSV, "file.pol"));
}

/* Another digest than the file has. */
TEST_F(origin, wrong_digest)
{
	char path[PATH_MAX], digest[DIGEST_TEXT], rules[512];
	char *last;

	NEEDS_PLACE(PLACE_FSV);
	snprintf(path, sizeof(path), "%s", stage_path(PLACE_EXT4, "wrong.pol"));
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, origin_protect(path, NULL, digest));
	last = digest + strlen(digest) - 1;
	*last = *last == '0' ? '1' : '0';
	snprintf(rules, sizeof(rules), FROM("fsverity_digest=%s"), digest);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(rules));
	EXPECT_PATH_REFUSED(-EACCES, path);
	EXPECT_EQ(0, unlink(path));
}

/* What a file of the initramfs got while no policy was active: 1 if one was. */
static int without_policy = 1;

static const char *missing(void)
{
	struct ipe_version version;
	char name[256], path[PATH_MAX];
	const char *reason = origin_missing();

	if (reason || policy_active(name, sizeof(name), &version) != -ENOENT)
		return reason;
	test_path(path, sizeof(path), "first.pol");
	if (origin_write(path, ORIGIN_NAME, NULL, ALLOW))
		return "the initramfs cannot be written";
	without_policy = origin_load(path);
	unlink(path);
	return NULL;
}

TEST(no_active_policy)
{
	if (without_policy == 1)
		SKIP(return, "a policy was active before the tests");
	EXPECT_EQ(-EACCES, without_policy);
	EXPECT_LT(0, kernel_logged("ipe: policy refused: no policy is active"));
}

IPE_TEST_MAIN_UNLESS(missing(), audited_initramfs_setup,
		     audited_stage_teardown)
