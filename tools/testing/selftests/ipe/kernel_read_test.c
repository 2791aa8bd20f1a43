// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - decisions about what the kernel reads: modules, kernels, firmware
 * and policies, from files and from memory
 *
 * The kernel reads the program "probe", which is none of these. So it refuses
 * it for another reason once IPE has allowed it.
 */
#include <linux/kexec.h>
#include <linux/module.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

#define PAGE 4096UL
#define FIRMWARE_PATH "/sys/module/firmware_class/parameters/path"
#define TEST_FIRMWARE "/sys/devices/virtual/misc/test_firmware"
#define IMA_POLICY "/sys/kernel/security/ima/policy"

/* Not EACCES: the kernel went on, and found that the format is wrong. */
static int allowed_if(int err, int also)
{
	return err == -ENOEXEC || err == also ? 0 : err;
}

static int system_call(long result)
{
	return result < 0 ? -errno : 0;
}

static int try_finit_module(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	err = system_call(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return allowed_if(err, -ENOEXEC);
}

static int try_finit_module_compressed(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	err = system_call(syscall(SYS_finit_module, fd, "",
				  MODULE_INIT_COMPRESSED_FILE));
	close(fd);
	/* The kernel may lack support for compressed modules. */
	return allowed_if(err == -EINVAL ? 0 : err, -EOPNOTSUPP);
}

static int try_init_module(const char *path)
{
	struct blob blob;
	int err = blob_read(path, &blob);

	if (err)
		return -EIO;
	err = system_call(syscall(SYS_init_module, blob.data, blob.len, ""));
	blob_free(&blob);
	return allowed_if(err, -ENOEXEC);
}

/* What the loader of kernels says of a file that is none. */
#ifdef __aarch64__
#define NOT_A_KERNEL -EINVAL
#else
#define NOT_A_KERNEL -ENOEXEC
#endif

static int try_kexec_image(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	err = system_call(syscall(SYS_kexec_file_load, fd, -1, 1UL, "",
				  KEXEC_FILE_NO_INITRAMFS));
	close(fd);
	return allowed_if(err, NOT_A_KERNEL);
}

/* Without segments nothing is loaded, but the kernel asks nevertheless. */
static int try_kexec_load(const char *path)
{
	(void)path;
	return system_call(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

/*
 * The header of a kernel that the loader accepts, because it reads the initrd
 * only after it has checked the kernel.
 */
static int kernel_head(void)
{
	static unsigned char head[8192];
	int fd;

#ifdef __aarch64__
	memcpy(head + 0x38, "ARM\x64", 4);
#else
	head[0x1f1] = 1;		/* setup_sects */
	head[0x1fe] = 0x55;		/* boot_flag */
	head[0x1ff] = 0xaa;
	memcpy(head + 0x202, "HdrS", 4);
	head[0x206] = 0x0f;		/* version */
	head[0x207] = 0x02;
	head[0x211] = 1;		/* loadflags: LOADED_HIGH */
	head[0x236] = 0x23;		/* xloadflags: 64 bit, above 4 GiB, 5 level */
#endif

	fd = syscall(SYS_memfd_create, "kernel", 0);
	if (fd < 0)
		return -errno;
	if (write_fd(fd, head, sizeof(head))) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static int try_kexec_initramfs(const char *path)
{
	int err, kernel, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	kernel = kernel_head();
	if (kernel < 0) {
		close(fd);
		return kernel;
	}
	err = system_call(syscall(SYS_kexec_file_load, kernel, fd, 1UL, "",
				  0));
	if (!err)
		syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL,
			KEXEC_FILE_UNLOAD);
	close(kernel);
	close(fd);
	/* After reading both, it may find that this kernel cannot be loaded. */
	return err == -EACCES ? err : 0;
}

/* Points the firmware loader to the directory, and requests the file. */
static int try_firmware(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int err;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	err = write_string(FIRMWARE_PATH, dir);
	if (err)
		return -EIO;
	err = write_string(TEST_FIRMWARE "/trigger_request", slash + 1);
	/* After a denial the kernel searches elsewhere, and finds nothing. */
	return err == -ENOENT ? -EACCES : err;
}

/*
 * Firmware that does not exist, so that the loader turns to userspace: data
 * from there would be a buffer. The loader asks IPE before that.
 */
static int try_firmware_buffer(const char *path)
{
	static unsigned int number;
	char name[64], loading[256];
	int status, ret = -ETIMEDOUT, i;
	pid_t child;

	(void)path;
	snprintf(name, sizeof(name), "ipe-nothing-%d-%u", getpid(), number++);
	snprintf(loading, sizeof(loading), TEST_FIRMWARE "/%s/loading", name);
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		_exit(!!write_string(TEST_FIRMWARE "/trigger_custom_fallback",
				     name));
	for (i = 0; i < 1000; i++) {
		if (!access(loading, F_OK)) {
			/*
			 * It waits, so it is allowed. Report that there is no
			 * firmware.
			 */
			ret = 0;
			write_string(loading, "-1");
			break;
		}
		if (waitpid(child, &status, WNOHANG) == child) {
			/* It gave up on its own. */
			return -EACCES;
		}
		usleep(10000);
	}
	if (ret)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return ret;
}

/* A driver accepts firmware at any time, and userspace uploads some. */
static int try_firmware_upload(const char *path)
{
	static unsigned int number;
	char name[64], file[128];
	struct blob blob;
	int err;

	err = blob_read(path, &blob);
	if (err)
		return -EIO;
	snprintf(name, sizeof(name), "ipe-upload-%d-%u", getpid(), number++);
	err = write_string(TEST_FIRMWARE "/upload_register", name);
	if (err) {
		blob_free(&blob);
		return -EIO;
	}
	snprintf(file, sizeof(file), "/sys/class/firmware/%s/loading", name);
	err = write_string(file, "1");
	if (!err) {
		snprintf(file, sizeof(file), "/sys/class/firmware/%s/data",
			 name);
		/* One page at a time; the first one is enough. */
		err = write_file(file, blob.data,
				 blob.len < PAGE ? blob.len : PAGE);
	}
	if (err) {
		err = -EIO;
	} else {
		snprintf(file, sizeof(file), "/sys/class/firmware/%s/loading",
			 name);
		/* Now the driver would receive it. */
		err = write_string(file, "0");
	}
	blob_free(&blob);
	/* Waits until the driver has received it. */
	if (write_string(TEST_FIRMWARE "/upload_unregister", name))
		return -EIO;
	return err;
}

/* IMA reads the policy at the path that is written. */
static int try_policy(const char *path)
{
	int err = write_string(IMA_POLICY, path);

	/* IMA has read it, and found that it is not a policy. */
	return allowed_if(err == -EINVAL ? 0 : err, 0);
}

struct operation {
	const char *name;
	const char *hook;
	int (*attempt)(const char *path);
	/* A file that must exist. */
	const char *needs;
};

static const struct operation finit_module = {
	"KMODULE", "KERNEL_READ", try_finit_module, "/proc/modules"
};
static const struct operation finit_module_compressed = {
	"KMODULE", "KERNEL_READ", try_finit_module_compressed, "/proc/modules"
};
static const struct operation init_module = {
	"KMODULE", "KERNEL_LOAD", try_init_module, "/proc/modules"
};
static const struct operation kexec_image = {
	"KEXEC_IMAGE", "KERNEL_READ", try_kexec_image,
	"/sys/kernel/kexec_loaded"
};
static const struct operation kexec_load = {
	"KEXEC_IMAGE", "KERNEL_LOAD", try_kexec_load, "/sys/kernel/kexec_loaded"
};
static const struct operation kexec_initramfs = {
	"KEXEC_INITRAMFS", "KERNEL_READ", try_kexec_initramfs,
	"/sys/kernel/kexec_loaded"
};
static const struct operation firmware = {
	"FIRMWARE", "KERNEL_READ", try_firmware, TEST_FIRMWARE
};
static const struct operation firmware_buffer = {
	"FIRMWARE", "KERNEL_LOAD", try_firmware_buffer, TEST_FIRMWARE
};
static const struct operation firmware_upload = {
	"FIRMWARE", "KERNEL_LOAD", try_firmware_upload,
	TEST_FIRMWARE "/upload_register"
};
static const struct operation policy = {
	"POLICY", "KERNEL_READ", try_policy, IMA_POLICY
};

FIXTURE(operation)
{
	const char *path;
	int expected;
};

FIXTURE_VARIANT(operation)
{
	const struct operation *operation;
	enum place place;
	const char *property;
	const char *action;
	bool allowed;
};

/* Two policies for each property, as in the tests of execution. */
#define OPERATION(id, of, where, prop, matches)                             \
	FIXTURE_VARIANT_ADD(operation, id##_allow)                          \
	{                                                                   \
		.operation = &of, .place = where, .property = prop,         \
		.action = "ALLOW", .allowed = matches,                      \
	};                                                                  \
	FIXTURE_VARIANT_ADD(operation, id##_deny)                           \
	{                                                                   \
		.operation = &of, .place = where, .property = prop,         \
		.action = "DENY", .allowed = !(matches),                    \
	}

/* Files: their place decides. */
#define READS(of)                                                           \
	OPERATION(of##_initramfs, of, PLACE_INITRAMFS,                      \
		  "boot_verified=TRUE ", true);                             \
	OPERATION(of##_tmpfs, of, PLACE_TMPFS, "boot_verified=TRUE ",       \
		  false);                                                   \
	OPERATION(of##_fsv_digest, of, PLACE_FSV,                           \
		  "fsverity_digest=$fsv ", true);                           \
	OPERATION(of##_fsv_wrong, of, PLACE_FSV,                            \
		  "fsverity_digest=$wrong ", false);                        \
	OPERATION(of##_fsv_signed, of, PLACE_FSV_SIGNED,                    \
		  "fsverity_signature=TRUE ", true);                        \
	OPERATION(of##_dmv_roothash, of, PLACE_DMV,                         \
		  "dmverity_roothash=$dmv ", true);                         \
	OPERATION(of##_dmv_unsigned, of, PLACE_DMV,                         \
		  "dmverity_signature=TRUE ", false);                       \
	OPERATION(of##_dmv_signed, of, PLACE_DMV_SIGNED,                    \
		  "dmverity_signature=TRUE ", true);                        \
	OPERATION(of##_overlay_signed, of, PLACE_OVERLAY_DMV,               \
		  "dmverity_signature=TRUE ", true);                        \
	OPERATION(of##_overlay_upper, of, PLACE_OVERLAY_UPPER,              \
		  "dmverity_signature=TRUE ", false);                       \
	OPERATION(of##_memory, of, PLACE_TMPFS, "anonymous_memory=TRUE ",   \
		  false);                                                   \
	OPERATION(of##_not_memory, of, PLACE_TMPFS,                         \
		  "anonymous_memory=FALSE ", true);                         \
	OPERATION(of##_anything, of, PLACE_TMPFS, "", true)

/* Buffers: they have no origin, even if a verified program writes them. */
#define LOADS(of)                                                           \
	OPERATION(of##_boot, of, PLACE_INITRAMFS, "boot_verified=TRUE ",    \
		  false);                                                   \
	OPERATION(of##_not_boot, of, PLACE_INITRAMFS,                       \
		  "boot_verified=FALSE ", true);                            \
	OPERATION(of##_dmv, of, PLACE_DMV_SIGNED,                           \
		  "dmverity_signature=TRUE ", false);                       \
	OPERATION(of##_not_dmv, of, PLACE_DMV_SIGNED,                       \
		  "dmverity_signature=FALSE ", true);                       \
	OPERATION(of##_roothash, of, PLACE_DMV, "dmverity_roothash=$dmv ",  \
		  false);                                                   \
	OPERATION(of##_fsv, of, PLACE_FSV_SIGNED,                           \
		  "fsverity_signature=TRUE ", false);                       \
	OPERATION(of##_not_fsv, of, PLACE_FSV_SIGNED,                       \
		  "fsverity_signature=FALSE ", true);                       \
	OPERATION(of##_digest, of, PLACE_FSV, "fsverity_digest=$fsv ",      \
		  false);                                                   \
	OPERATION(of##_memory, of, PLACE_TMPFS, "anonymous_memory=TRUE ",   \
		  true);                                                    \
	OPERATION(of##_not_memory, of, PLACE_TMPFS,                         \
		  "anonymous_memory=FALSE ", false);                        \
	OPERATION(of##_anything, of, PLACE_TMPFS, "", true)

READS(finit_module);
READS(finit_module_compressed);
LOADS(init_module);
READS(kexec_image);
LOADS(kexec_load);
READS(kexec_initramfs);
READS(firmware);
LOADS(firmware_buffer);
LOADS(firmware_upload);
READS(policy);

FIXTURE_SETUP(operation)
{
	const bool allows = !strcmp(variant->action, "ALLOW");
	char rules[1024];

	if (access(variant->operation->needs, F_OK))
		SKIP(return, "the kernel has no %s", variant->operation->needs);
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->path = stage_path(variant->place, "probe");
	self->expected = variant->allowed ? 0 : -EACCES;
	snprintf(rules, sizeof(rules),
		 "DEFAULT action=ALLOW\nDEFAULT op=%s action=%s\n"
		 "op=%s %saction=%s\n",
		 variant->operation->name, allows ? "DENY" : "ALLOW",
		 variant->operation->name, variant->property, variant->action);
	ASSERT_EQ(0, stage_enforce(rules));
}

RESET_AFTER(operation)

TEST_F(operation, enforcing)
{
	EXPECT_EQ(self->expected, variant->operation->attempt(self->path));
}

/* Permissive mode allows the access, and records the denial. */
TEST_F(operation, permissive)
{
	char pattern[1024];
	int fd;

	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, variant->operation->attempt(self->path));
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=%s ipe_hook=%s enforcing=0 pid=[0-9]+ comm=.* "
		 "path=%s%s rule=\"(DEFAULT )?op=%s .*action=DENY\"$",
		 variant->operation->name, variant->operation->hook,
		 strcmp(variant->operation->hook, "KERNEL_READ") ? "\\?" :
								   "\"",
		 strcmp(variant->operation->hook, "KERNEL_READ") ?
			 " dev=\\? ino=\\?" :
			 "[^\"]+\" dev=\"[^\"]+\" ino=[0-9]+",
		 variant->operation->name);
	if (variant->allowed) {
		EXPECT_EQ(0, audit_count(fd, AUDIT_IPE_ACCESS));
	} else {
		EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_ACCESS, pattern, NULL));
	}
	audit_close(fd);
}

/*
 * A file on an overlay may be copied up while the kernel reads it, so IPE
 * judges it again when it has been read.
 */
FIXTURE(reading)
{
};

FIXTURE_VARIANT(reading)
{
	enum place place;
	int questions;
};

FIXTURE_VARIANT_ADD(reading, overlay) { PLACE_OVERLAY_DMV, 2 };
FIXTURE_VARIANT_ADD(reading, volume) { PLACE_DMV_SIGNED, 1 };

FIXTURE_SETUP(reading)
{
	if (access("/proc/modules", F_OK))
		SKIP(return, "the kernel has no modules");
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
}

RESET_AFTER(reading)

TEST_F(reading, judged_again)
{
	int fd;

	ASSERT_EQ(0, stage_enforce(
			     "DEFAULT action=DENY\n"
			     "op=KMODULE dmverity_signature=TRUE action=ALLOW\n"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, try_finit_module(stage_path(variant->place, "probe")));
	EXPECT_EQ(variant->questions, audit_count(fd, AUDIT_IPE_ACCESS));
	audit_close(fd);
}

/* The rules of one operation do not apply to the others. */
FIXTURE(separate)
{
};

FIXTURE_VARIANT(separate)
{
	const struct operation *operation;
};

#define SEPARATE(of) FIXTURE_VARIANT_ADD(separate, of) { .operation = &of }

SEPARATE(finit_module);
SEPARATE(init_module);
SEPARATE(kexec_image);
SEPARATE(kexec_load);
SEPARATE(kexec_initramfs);
SEPARATE(firmware);
SEPARATE(firmware_buffer);
SEPARATE(firmware_upload);
SEPARATE(policy);

FIXTURE_SETUP(separate)
{
	if (access(variant->operation->needs, F_OK))
		SKIP(return, "the kernel has no %s", variant->operation->needs);
	ASSERT_EQ(0, ipe_reset());
}

RESET_AFTER(separate)

static const char *const all[] = { "EXECUTE",	      "FIRMWARE", "KMODULE",
				   "KEXEC_IMAGE",     "KEXEC_INITRAMFS",
				   "POLICY",	      "X509_CERT" };

static void defaults(char *rules, const char *one, const char *its,
		     const char *others)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		/* Loading an initramfs loads a kernel first. */
		if (!strcmp(one, "KEXEC_INITRAMFS") &&
		    !strcmp(all[i], "KEXEC_IMAGE"))
			rules += sprintf(rules, "DEFAULT op=%s action=ALLOW\n",
					 all[i]);
		else
			rules += sprintf(rules, "DEFAULT op=%s action=%s\n",
					 all[i],
					 strcmp(all[i], one) ? others : its);
	}
}

TEST_F(separate, only_this_denied)
{
	char rules[1024];

	defaults(rules, variant->operation->name, "DENY", "ALLOW");
	ASSERT_EQ(0, stage_enforce(rules));
	EXPECT_EQ(-EACCES, variant->operation->attempt(
				   stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, try_mmap_anonymous());
}

TEST_F(separate, only_this_allowed)
{
	char rules[1024];

	defaults(rules, variant->operation->name, "ALLOW", "DENY");
	ASSERT_EQ(0, stage_enforce(rules));
	EXPECT_EQ(0, variant->operation->attempt(
			     stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
}

/* A global default applies to all operations. */
TEST_F(separate, global_default)
{
	ASSERT_EQ(0, stage_enforce(
			     "DEFAULT action=DENY\n"
			     "op=EXECUTE action=ALLOW\n"));
	if (strcmp(variant->operation->name, "KEXEC_INITRAMFS")) {
		EXPECT_EQ(-EACCES, variant->operation->attempt(
					   stage_path(PLACE_TMPFS, "probe")));
	}
	EXPECT_EQ(0, try_mmap_anonymous());
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
