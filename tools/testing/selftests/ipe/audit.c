// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - audit records over netlink, and the kernel's log
 *
 * The process that opens the socket becomes the audit daemon: the kernel sends
 * it every record.
 */
#include <linux/netlink.h>
#include <poll.h>
#include <regex.h>
#include <sys/socket.h>

#include "audit.h"
#include "common.h"

/*
 * A read ends at a mark: a user message sent before the read, which the kernel
 * queues behind all pending records. So nothing depends on time; this is only
 * the limit for a mark that does not arrive.
 */
#define TIMEOUT_MS 10000
/* From the range for messages of userspace. */
#define MARK_TYPE (AUDIT_FIRST_USER_MSG + 21)

struct message {
	struct nlmsghdr header;
	union {
		struct nlmsgerr error;
		struct audit_status status;
		char data[9000];
	};
};

static int receive(int fd, struct message *message)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t len;
	int ready;

	do {
		ready = poll(&wait, 1, TIMEOUT_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (!ready)
		return -ETIMEDOUT;

	len = recv(fd, message, sizeof(*message) - 1, 0);
	if (len < 0)
		return -errno;
	if (len < (ssize_t)sizeof(message->header))
		return -EIO;
	((char *)message)[len] = '\0';
	return 0;
}

static int request(int fd, struct message *message)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, message, message->header.nlmsg_len, 0,
		   (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static int set_status(int fd, unsigned int mask, unsigned int value)
{
	struct message message = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(message.status)),
			.nlmsg_type = AUDIT_SET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.status = { .mask = mask },
	};
	int err;

	if (mask == AUDIT_STATUS_ENABLED)
		message.status.enabled = value;
	else if (mask == AUDIT_STATUS_PID)
		message.status.pid = value;
	else
		message.status.backlog_limit = value;

	err = request(fd, &message);
	while (!err) {
		err = receive(fd, &message);
		if (!err && message.header.nlmsg_type == NLMSG_ERROR)
			return message.error.error;
	}
	return err;
}

/* Sends a mark and copies the text of its record into the buffer. */
static int send_mark(int fd, char *mark, size_t size)
{
	static unsigned int number;
	struct message message = {
		.header = {
			.nlmsg_type = MARK_TYPE,
			.nlmsg_flags = NLM_F_REQUEST,
		},
	};

	snprintf(mark, size, "ipe-test-mark-%d-%u-", getpid(), number++);
	strcpy(message.data, mark);
	message.header.nlmsg_len = NLMSG_LENGTH(strlen(mark) + 1);
	return request(fd, &message);
}

static bool is_mark(const struct message *message, const char *mark)
{
	return message->header.nlmsg_type == MARK_TYPE &&
	       strstr(message->data, mark);
}

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	return fd < 0 ? -errno : fd;
}

/*
 * The kernel audits the system calls of processes that are created while
 * auditing is on, so call this before the tests fork.
 */
int audit_enable(bool on)
{
	int fd, err;

	fd = open_socket();
	if (fd < 0)
		return fd;
	err = set_status(fd, AUDIT_STATUS_BACKLOG_LIMIT, 8192);
	if (!err)
		err = set_status(fd, AUDIT_STATUS_ENABLED, on);
	close(fd);
	return err;
}

const char *audit_setup(void)
{
	return audit_enable(true) ? "auditing cannot be enabled" : NULL;
}

void audit_teardown(void)
{
	audit_enable(false);
}

/* Returns a socket without pending records. */
int audit_open(void)
{
	const int size = 16 * MIB;
	int fd, err;

	fd = open_socket();
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size))) {
		err = -errno;
		goto fail;
	}
	err = set_status(fd, AUDIT_STATUS_ENABLED, 1);
	if (err)
		goto fail;
	err = set_status(fd, AUDIT_STATUS_PID, getpid());
	if (err)
		goto fail;
	err = audit_drain(fd);
	if (err)
		goto fail;
	return fd;
fail:
	close(fd);
	return err;
}

void audit_close(int fd)
{
	if (fd < 0)
		return;
	set_status(fd, AUDIT_STATUS_PID, 0);
	close(fd);
}

static int parse(const struct message *message, struct audit_record *record)
{
	const char *text = message->data;
	int skip = 0;

	record->type = message->header.nlmsg_type;
	if (sscanf(text, "audit(%*u.%*u:%lu): %n", &record->serial, &skip) < 1)
		return -EBADMSG;
	snprintf(record->text, sizeof(record->text), "%s", text + skip);
	return 0;
}

/* The next record of a type; -EAGAIN if the mark is there before it. */
static int next(int fd, unsigned int type, const char *mark,
		struct audit_record *record)
{
	struct message message;
	int err;

	do {
		err = receive(fd, &message);
		if (err)
			return err;
		if (is_mark(&message, mark))
			return -EAGAIN;
	} while (message.header.nlmsg_type != type);
	return parse(&message, record);
}

/* Discards the pending records. */
int audit_drain(int fd)
{
	int count = audit_count(fd, 0);

	return count < 0 ? count : 0;
}

/* Returns the number of pending records of a type. Removes them and all others. */
int audit_count(int fd, unsigned int type)
{
	struct audit_record record;
	int err, count = 0;
	char mark[64];

	err = send_mark(fd, mark, sizeof(mark));
	while (!err) {
		err = next(fd, type, mark, &record);
		if (!err)
			count++;
	}
	return err == -EAGAIN ? count : err;
}

/* The next pending record of a type; -EAGAIN if there is none. */
int audit_next(int fd, unsigned int type, struct audit_record *record)
{
	char mark[64];
	int err;

	err = send_mark(fd, mark, sizeof(mark));
	return err ?: next(fd, type, mark, record);
}

/*
 * The next pending record of a type that matches an extended regular
 * expression; skips the others. If none matches, prints the last one to stderr.
 */
int audit_match(int fd, unsigned int type, const char *pattern,
		struct audit_record *record)
{
	struct audit_record own, other = {};
	char mark[64];
	regex_t regex;
	int err;

	if (!record)
		record = &own;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	err = send_mark(fd, mark, sizeof(mark));
	while (!err) {
		err = next(fd, type, mark, record);
		if (err || !regexec(&regex, record->text, 0, NULL, 0))
			break;
		other = *record;
	}
	regfree(&regex);
	if (err) {
		fprintf(stderr, "# no record %u matches: %s\n", type, pattern);
		if (other.text[0])
			fprintf(stderr, "# the last one is: %s\n", other.text);
	}
	return err;
}

/*
 * The line number, from 1, of the first line in the kernel's log that matches;
 * 0 if none does, a negative errno if the log cannot be read.
 */
int kernel_logged(const char *pattern)
{
	int log, number = 0, found = 0;
	char line[8192], *at;
	regex_t regex;
	ssize_t len;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log < 0) {
		regfree(&regex);
		return -errno;
	}
	while (!found && (len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		number++;
		/* Lines of a dictionary may follow. */
		line[strcspn(line, "\n")] = '\0';
		at = strchr(line, ';');
		if (at && !regexec(&regex, at + 1, 0, NULL, 0))
			found = number;
	}
	close(log);
	regfree(&regex);
	return found;
}

/* The fields of a record that identify the user who acts. */
const char *audit_actor(char actor[64])
{
	char auid[16], ses[16];

	if (read_file("/proc/self/loginuid", auid, sizeof(auid)) < 0 ||
	    read_file("/proc/self/sessionid", ses, sizeof(ses)) < 0)
		return "";
	snprintf(actor, 64, "auid=%s ses=%s", auid, ses);
	return actor;
}

/* The end of the record of a policy that the trusted key has signed. */
const char *audit_signer(void)
{
	static char field[96];
	struct blob certificate;
	char fingerprint[65];

	if (sign_certificate(&certificate))
		return "";
	if (!sign_sha256(certificate.data, certificate.len, fingerprint))
		snprintf(field, sizeof(field), " signer=sha256:%s", fingerprint);
	blob_free(&certificate);
	return field;
}

/* The fields of a record that identify a file: path, device and inode. */
int file_fields(char *to, size_t size, const char *path, const char *device)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	snprintf(to, size, "path=\"%s\" dev=\"%s\" ino=%lu", path, device,
		 (unsigned long)st.st_ino);
	return 0;
}
