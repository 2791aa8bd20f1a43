// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - interpreters: of ELF programs, of scripts, and by binfmt_misc
 */
#include <link.h>
#include <linux/limits.h>
#include <sys/mount.h>

#include "interpreter.h"

#define PAGE 4096UL

/* Chooses the interpreter of the program "interpreted". */
int interpreter_set(const char *path)
{
	interpreter_unset();
	return symlink(path, INTERPRETER_PATH) ? -errno : 0;
}

void interpreter_unset(void)
{
	unlink(INTERPRETER_PATH);
}

/*
 * Writes an interpreter that consists of headers only: they ask for memory that
 * is writable and executable, without a file, and set the entry point to that
 * of the program.
 */
int interpreter_forge(const char *path, const char *program)
{
	struct {
		ElfW(Ehdr) header;
		ElfW(Phdr) memory;
	} forged = {};
	struct blob blob;
	int fd, err;

	err = blob_read(program, &blob);
	if (err)
		return err;
	if (blob.len < sizeof(forged.header)) {
		blob_free(&blob);
		return -EINVAL;
	}
	memcpy(&forged.header, blob.data, sizeof(forged.header));
	blob_free(&blob);

	forged.header.e_type = ET_EXEC;
	forged.header.e_phoff = offsetof(typeof(forged), memory);
	forged.header.e_phnum = 1;
	forged.header.e_shoff = 0;
	forged.header.e_shnum = 0;
	forged.header.e_shstrndx = 0;
	forged.memory.p_type = PT_LOAD;
	forged.memory.p_flags = PF_R | PF_W | PF_X;
	forged.memory.p_vaddr = INTERPRETER_MEMORY;
	forged.memory.p_memsz = PAGE;
	forged.memory.p_align = PAGE;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (fd < 0)
		return -errno;
	err = write_fd(fd, &forged, sizeof(forged));
	close(fd);
	return err;
}

/* The format matches files by the extension of their names. */
const char *misc_by_extension(const char *extension)
{
	static char match[64];

	snprintf(match, sizeof(match), "E::%s:", extension);
	return match;
}

/* Mounts the binfmt_misc of this process' user namespace. */
int misc_mount(const char *at)
{
	return mount("binfmt_misc", at, "binfmt_misc", 0, NULL) ? -errno : 0;
}

int misc_register(const char *mount, const char *name, const char *match,
		  const char *interpreter, const char *flags)
{
	char path[PATH_MAX], line[PATH_MAX];

	snprintf(path, sizeof(path), "%s/register", mount);
	snprintf(line, sizeof(line), ":%s:%s:%s:%s", name, match, interpreter,
		 flags);
	return write_string(path, line);
}

int misc_unregister(const char *mount, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	return write_string(path, "-1");
}

/* Whether the kernel knows these flags; mounts here to find out. */
bool misc_knows(const char *at, const char *flags)
{
	bool knows;

	if (misc_mount(at))
		return false;
	/* An extension that no file has. */
	knows = !misc_register(at, "ipe-flags", misc_by_extension("ipe-flags"),
			       "/proc/self/exe", flags);
	if (knows)
		misc_unregister(at, "ipe-flags");
	umount2(at, 0);
	return knows;
}

/* Removes all pending records. */
int questions_take(int audit, struct questions *questions)
{
	struct audit_record record;
	bool opens;
	int err;

	memset(questions, 0, sizeof(*questions));
	while (!(err = audit_next(audit, AUDIT_IPE_ACCESS, &record))) {
		opens = strstr(record.text, " ipe_hook=EXEC_OPEN ");
		questions->all++;
		questions->exec_open += opens;
		questions->bprm_check +=
			!!strstr(record.text, " ipe_hook=BPRM_CHECK ");
		if (opens || !questions->exec_open)
			questions->last = record;
	}
	return err == -EAGAIN ? 0 : err;
}

bool is_about_interpreter(const struct audit_record *record, bool enforcing,
			  const char *fields)
{
	char start[64];

	snprintf(start, sizeof(start),
		 "ipe_op=EXECUTE ipe_hook=EXEC_OPEN enforcing=%d ", enforcing);
	if (!strncmp(record->text, start, strlen(start)) &&
	    strstr(record->text, fields))
		return true;
	fprintf(stderr, "# no record begins \"%s\" and has \"%s\"\n", start,
		fields);
	fprintf(stderr, "# the last one is: %s\n",
		record->text[0] ? record->text : "(none)");
	return false;
}

bool is_only_denial(int audit, bool denied, const char *fields)
{
	struct questions asked;
	int err = questions_take(audit, &asked);

	if (!err && asked.all == denied)
		return !denied ||
		       is_about_interpreter(&asked.last, true, fields);
	fprintf(stderr, "# %d records instead of %d (%s), the last one: %s\n",
		asked.all, denied, strerror(-err),
		asked.last.text[0] ? asked.last.text : "(none)");
	return false;
}
