/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - audit records over netlink, and the kernel's log
 */
#ifndef IPE_SELFTEST_AUDIT_H
#define IPE_SELFTEST_AUDIT_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef AUDIT_IPE_ACCESS
#define AUDIT_IPE_ACCESS 1420
#define AUDIT_IPE_CONFIG_CHANGE 1421
#define AUDIT_IPE_POLICY_LOAD 1422
#endif

struct audit_record {
	unsigned int type;
	unsigned long serial;
	/* The text after "audit(TIME:SERIAL): ". */
	char text[8192];
};

int audit_enable(bool on);

/* For IPE_TEST_MAIN() of programs that look at records. */
const char *audit_setup(void);
void audit_teardown(void);

int audit_open(void);
void audit_close(int fd);
int audit_drain(int fd);
int audit_next(int fd, unsigned int type, struct audit_record *record);
int audit_match(int fd, unsigned int type, const char *pattern,
		struct audit_record *record);
int audit_count(int fd, unsigned int type);
const char *audit_actor(char actor[64]);
const char *audit_signer(void);
int file_fields(char *to, size_t size, const char *path, const char *device);
int kernel_logged(const char *pattern);

#endif /* IPE_SELFTEST_AUDIT_H */
