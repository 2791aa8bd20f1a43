// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - files that are used in every way, and of which one page may
 * change
 */
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/fsverity.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "access.h"
#include "probe.h"
#include "target.h"
#include "verity.h"

#define FIRMWARE_PATH "/sys/module/firmware_class/parameters/path"

/* Programs that scripts name. */
static char original[128], changed[128];
static char original_digest[DIGEST_TEXT], changed_digest[DIGEST_TEXT];

/* Whole pages. */
static int read_padded(const char *name, struct blob *blob)
{
	char path[PATH_MAX];
	struct blob file;
	int err;

	err = blob_read(test_path(path, sizeof(path), name), &file);
	if (err)
		return err;
	blob->len = (file.len + PAGE - 1) / PAGE * PAGE;
	blob->data = calloc(1, blob->len);
	if (!blob->data)
		err = -ENOMEM;
	else
		memcpy(blob->data, file.data, file.len);
	blob_free(&file);
	return err;
}

static ElfW(Phdr) *find_text(const struct blob *program)
{
	const ElfW(Ehdr) *const header = (void *)program->data;
	ElfW(Phdr) *segment = (void *)(program->data + header->e_phoff);
	int i;

	for (i = 0; i < header->e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X)
			return segment;
	return NULL;
}

/* The original program, followed by the other one, which nothing refers to. */
static int compose_program(struct target *target, enum part part)
{
	struct stale *const stale = &target->stale;
	struct blob other, whole = {};
	ElfW(Phdr) *text;
	int err;

	err = read_padded("original", &target->contents) ?:
	      read_padded("changed", &other);
	if (err)
		return err;
	whole.len = target->contents.len + other.len;
	whole.data = malloc(whole.len);
	text = find_text(&target->contents);
	if (!whole.data || !text || !text->p_offset || text->p_offset % PAGE)
		return -EBADMSG;

	if (part == PART_TEXT) {
		stale->page = text->p_offset / PAGE;
		memcpy(stale->changed, other.data + text->p_offset, PAGE);
	} else {
		/* Not now: the new content of the page is copied from here. */
		const ElfW(Off) offset = text->p_offset;

		if (part == PART_HEADERS)
			text->p_offset += target->contents.len;
		memcpy(stale->changed, target->contents.data, PAGE);
		text->p_offset = offset;
		if (part == PART_MAGIC)
			stale->changed[0] ^= 0xff;
	}
	memcpy(mempcpy(whole.data, target->contents.data, target->contents.len),
	       other.data, other.len);
	blob_free(&target->contents);
	blob_free(&other);
	target->contents = whole;
	memcpy(target->page, whole.data + stale->page * PAGE, PAGE);
	return 0;
}

static int compose_script(struct target *target)
{
	int len = asprintf((char **)&target->contents.data, "#!%s\n", original);

	if (len < 0)
		return -ENOMEM;
	target->contents.len = len;
	memcpy(target->page, target->contents.data, len);
	/* The file keeps its length. */
	snprintf((char *)target->stale.changed, PAGE, "#!%s\n\n", changed);
	return 0;
}

static int put(const char *path, const struct blob *contents)
{
	int err, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0)
		return -errno;
	err = write_fd(fd, contents->data, contents->len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Written back first, which not every file system does by itself. */
static int put_verified(const char *path, const struct blob *contents,
			char digest[DIGEST_TEXT])
{
	const int err = put(path, contents);

	sync();
	return err ?:
	       fsverity_enable(path, FS_VERITY_HASH_ALG_SHA256, NULL) ?:
	       fsverity_measure(path, digest);
}

/* A program without code, started by the target as its interpreter. */
static int put_start(struct target *target)
{
	static const ElfW(Addr) address = 0x20000000;
	const char *const interpreter = target->stale.path;
	unsigned char page[PAGE] = {};
	ElfW(Ehdr) *const header = (void *)page;
	ElfW(Phdr) *const segments = (void *)(header + 1);
	const struct blob contents = { page, sizeof(page) };

	memcpy(header, target->contents.data, sizeof(*header));
	header->e_entry = address;
	header->e_phoff = sizeof(*header);
	header->e_phnum = 3;
	header->e_shnum = 0;
	segments[0] = (ElfW(Phdr)){
		.p_type = PT_INTERP, .p_flags = PF_R, .p_offset = PAGE / 2,
		.p_filesz = strlen(interpreter) + 1,
	};
	segments[1] = (ElfW(Phdr)){
		.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = address,
		.p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE,
	};
	segments[2] = (ElfW(Phdr)){
		.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W,
	};
	strcpy((char *)page + PAGE / 2, interpreter);
	return put_verified(target->start, &contents, target->start_digest);
}

/* A file of the user, and one with the same contents to learn the digest from. */
int target_make(struct target *target, const char *directory, enum part part)
{
	char *const path = target->stale.path;
	int err;

	snprintf(path, PATH_MAX, "%s/target-%d", directory, getpid());
	snprintf(target->twin, PATH_MAX, "%s/twin-%d", directory, getpid());
	snprintf(target->start, PATH_MAX, "%s/start-%d", directory, getpid());
	err = part == PART_LINE ? compose_script(target) :
				  compose_program(target, part);
	err = err ?: put_verified(target->twin, &target->contents,
				  target->digest);
	err = err ?: put_start(target);
	err = err ?: put(path, &target->contents);
	if (!err && chown(path, STALE_USER, STALE_USER))
		err = -errno;
	return err;
}

void target_remove(struct target *target)
{
	unlink(target->stale.path);
	unlink(target->start);
	unlink(target->twin);
	blob_free(&target->contents);
	blob_free(&target->signature);
}

static int put_program(const char *name, const char *directory, char path[128],
		       char digest[DIGEST_TEXT])
{
	char from[PATH_MAX];
	struct blob program;
	int err = blob_read(test_path(from, sizeof(from), name), &program);

	if (err)
		return err;
	snprintf(path, 128, "%s/%s", directory, name);
	err = put_verified(path, &program, digest);
	blob_free(&program);
	return err;
}

int target_setup(const char *directory)
{
	return put_program("original", directory, original, original_digest) ?:
	       put_program("changed", directory, changed, changed_digest);
}

int target_enforce(const struct target *target, const char *property)
{
	static const char *const operations[] = { "EXECUTE", "KMODULE",
						  "FIRMWARE" };
	const char *const executed[] = { original_digest, changed_digest,
					 target->start_digest };
	char rules[4096], *at = rules;
	unsigned int i;

	at += sprintf(at, "DEFAULT action=ALLOW\n");
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		at += sprintf(at,
			      "DEFAULT op=%s action=DENY\n"
			      "op=%s %s action=ALLOW\n",
			      operations[i], operations[i], property);
	for (i = 0; i < sizeof(executed) / sizeof(*executed); i++)
		if (*executed[i])
			at += sprintf(at,
				      "op=EXECUTE fsverity_digest=%s action=ALLOW\n",
				      executed[i]);
	return policy_enforce_rules(rules);
}

int target_enforce_digest(const struct target *target)
{
	char property[DIGEST_TEXT + 32];

	snprintf(property, sizeof(property), "fsverity_digest=%s",
		 target->digest);
	return target_enforce(target, property);
}

static int judge_run(int code)
{
	if (code < 0)
		return code;
	return code == PROBE_RAN     ? 0 :
	       code == PROBE_CHANGED ? CHANGED :
				       -EBADMSG;
}

static int judge_page(const struct target *target, const void *page, size_t len)
{
	if (!memcmp(page, target->page, len))
		return 0;
	return memcmp(page, target->stale.changed, len) ? -EBADMSG : CHANGED;
}

/* Through a pipe: an unreadable page does not kill anyone. */
int target_judge(const struct target *target, const void *at)
{
	unsigned char page[PAGE];
	int err, ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = write_fd(ends[1], at, PAGE);
	if (!err && read(ends[0], page, PAGE) != PAGE)
		err = -EIO;
	close(ends[0]);
	close(ends[1]);
	return err ?: judge_page(target, page, PAGE);
}

static int run(const struct target *target, int flags)
{
	(void)flags;
	return judge_run(try_run(target->stale.path));
}

static int run_start(const struct target *target, int flags)
{
	const int code = try_run(target->start);

	(void)flags;
	/* If it cannot be mapped, it is too late for an error from execve(2). */
	return judge_run(code == -ENOEXEC ? -EACCES : code);
}

static int open_target(const struct target *target)
{
	int fd = open(target->stale.path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void *target_map(const struct target *target, int prot, int flags)
{
	int fd = open_target(target);
	void *at = mmap(NULL, PAGE, prot, flags, fd, target->stale.page * PAGE);
	const int err = errno;

	close(fd);
	errno = err;
	return at;
}

static int map_executable(const struct target *target, int flags)
{
	void *at = target_map(target, PROT_READ | PROT_EXEC, flags);
	int err;

	if (at == MAP_FAILED)
		return -errno;
	err = target_judge(target, at);
	munmap(at, PAGE);
	return err;
}

/* The mapping already has the page. */
static int protect(const struct target *target, int flags)
{
	void *at = target_map(target, PROT_READ, flags);
	int err;

	if (at == MAP_FAILED)
		return -errno;
	target_judge(target, at);
	err = mprotect(at, PAGE, PROT_READ | PROT_EXEC) ? -errno : 0;
	err = err ?: target_judge(target, at);
	munmap(at, PAGE);
	return err;
}

int target_read(const struct target *target)
{
	unsigned char page[PAGE];
	int fd = open_target(target);
	ssize_t len = pread(fd, page, PAGE, target->stale.page * PAGE);
	const int err = len < 0 ? -errno : len ? 0 : -EIO;

	close(fd);
	return err ?: judge_page(target, page, len);
}

/* The kernel's log has the reason: a program is not a module, either. */
static int load_module(const struct target *target, int flags)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int err, fd = open_target(target);
	char line[8192];
	ssize_t len;

	(void)flags;
	lseek(log, 0, SEEK_END);
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	if (err == -ENOEXEC)
		err = -EBADMSG;
	while (err == -EBADMSG && (len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		if (strstr(line, "Invalid ELF header type"))
			err = 0;
		else if (strstr(line, "Invalid ELF header magic"))
			err = CHANGED;
	}
	close(log);
	return err;
}

static int load_firmware(const struct target *target, int flags)
{
	const size_t offset = target->stale.page * PAGE;
	char directory[PATH_MAX];
	struct blob firmware;
	char *slash;
	int err;

	(void)flags;
	snprintf(directory, sizeof(directory), "%s", target->stale.path);
	slash = strrchr(directory, '/');
	*slash = '\0';
	if (write_string(FIRMWARE_PATH, directory))
		return -EIO;
	err = write_string(TEST_FIRMWARE "/trigger_request", slash + 1);
	/* After a denial the kernel searches elsewhere, and finds nothing. */
	if (err)
		return err == -ENOENT ? -EACCES : err;
	firmware.len = target->contents.len;
	firmware.data = malloc(firmware.len + 1);
	if (!firmware.data)
		return -ENOMEM;
	if (read_file("/dev/test_firmware", firmware.data, firmware.len + 1) !=
	    firmware.len)
		err = -EIO;
	err = err ?: judge_page(target, firmware.data + offset, PAGE);
	blob_free(&firmware);
	return err;
}

const struct use use_text = { PART_TEXT, run };
const struct use use_headers = { PART_HEADERS, run };
const struct use use_script = { PART_LINE, run };
const struct use use_interpreter_text = { PART_TEXT, run_start };
const struct use use_interpreter_headers = { PART_HEADERS, run_start };
const struct use use_map = { PART_TEXT, map_executable, MAP_PRIVATE };
const struct use use_map_shared = { PART_TEXT, map_executable, MAP_SHARED };
const struct use use_protect = { PART_TEXT, protect, MAP_PRIVATE };
const struct use use_protect_shared = { PART_TEXT, protect, MAP_SHARED };
const struct use use_module = { PART_MAGIC, load_module };
const struct use use_firmware = { PART_TEXT, load_firmware };
