/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - interpreters: of ELF programs, of scripts, and by binfmt_misc
 */
#ifndef IPE_SELFTEST_INTERPRETER_H
#define IPE_SELFTEST_INTERPRETER_H

#include "audit.h"
#include "common.h"
#include "interpreted.h"

int interpreter_set(const char *path);
void interpreter_unset(void);
int interpreter_forge(const char *path, const char *program);

/* How a format of binfmt_misc finds its files. */
#define MISC_ALL_ELF "M::\\x7fELF:"

const char *misc_by_extension(const char *extension);
int misc_mount(const char *at);
int misc_register(const char *mount, const char *name, const char *match,
		  const char *interpreter, const char *flags);
bool misc_knows(const char *at, const char *flags);
int misc_unregister(const char *mount, const char *name);

/* The number of decisions about an execve(2) that IPE recorded, by hook. */
struct questions {
	int all;
	int exec_open;
	int bprm_check;
	/* The last record of EXEC_OPEN; without one, the last of all. */
	struct audit_record last;
};

int questions_take(int audit, struct questions *questions);

/*
 * Expects a record of EXEC_OPEN, in this mode, about the file that these fields
 * identify. Otherwise prints the record to stderr.
 */
bool is_about_interpreter(const struct audit_record *record, bool enforcing,
			  const char *fields);

/*
 * Expects one recorded decision, the denial of the interpreter that these
 * fields identify; or none, if it is allowed. Removes all pending records.
 */
bool is_only_denial(int audit, bool denied, const char *fields);

#endif /* IPE_SELFTEST_INTERPRETER_H */
