// SPDX-License-Identifier: GPL-2.0-only
/*
 * records NAME NUMBER: prints the audit records of IPE since `records NAME NUMBER-1`.
 *
 * Without an audit daemon, records go to the kernel's log, in order but some time after
 * the event. So each call adds a record, a fence, and prints the records between the last
 * fence and this one. It cannot miss any.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#define PATIENCE 5000 /* milliseconds */

static void leave_fence(const char *fence)
{
	struct {
		struct nlmsghdr header;
		char text[64];
	} message = { .header = {
		.nlmsg_type = AUDIT_USER_AVC, /* recorded even where auditing is off */
		.nlmsg_flags = NLM_F_REQUEST,
	} };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);

	message.header.nlmsg_len =
		NLMSG_LENGTH(snprintf(message.text, sizeof(message.text), "%s", fence) + 1);
	if (fd < 0 || send(fd, &message, message.header.nlmsg_len, 0) < 0)
		err(1, "cannot write an audit record");
	close(fd);
}

/* Where the record's own text begins: "type=1420 audit(1.2:3): text". */
static const char *ipe_record(const char *line, int *type)
{
	const char *record = strstr(line, "audit: type=");

	if (!record || sscanf(record, "audit: type=%d ", type) != 1)
		return NULL;
	switch (*type) {
	case 1404: /* mode changed */
	case 1420: /* access decided */
	case 1421: /* policy activated */
	case 1422: /* policy loaded */
		record = strstr(record, "): ");
		return record ? record + 3 : NULL;
	default:
		return NULL;
	}
}

int main(int argc, char **argv)
{
	struct pollfd log = { .fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), .events = POLLIN };
	int number = argc > 2 ? atoi(argv[2]) : 0, type;
	char first[48], last[48], line[8192], *end;
	bool inside = number == 0;
	const char *record;
	ssize_t length;

	if (log.fd < 0)
		err(1, "/dev/kmsg");
	snprintf(first, sizeof(first), "fence %s.%d;", argv[1], number - 1);
	snprintf(last, sizeof(last), "fence %s.%d;", argv[1], number);
	leave_fence(last);

	for (;;) {
		length = read(log.fd, line, sizeof(line) - 1);
		if (length < 0 && errno == EPIPE) /* the log has lost its oldest lines */
			continue;
		if (length < 0 && (errno != EAGAIN || poll(&log, 1, PATIENCE) <= 0))
			errx(1, "%s: no such record arrived", last);
		if (length < 0)
			continue;
		line[length] = 0;
		end = strchr(line, '\n');
		if (end)
			*end = 0;

		if (strstr(line, last))
			return 0;
		if (strstr(line, first)) {
			inside = true;
			continue;
		}
		record = ipe_record(line, &type);
		if (inside && record)
			printf("%d %s\n", type, record);
	}
}
