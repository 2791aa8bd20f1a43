// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - failing allocations of the kernel, where a test wants them
 *
 * Documentation/fault-injection/ of the kernel describes the files used here.
 */
#include <sys/mount.h>

#include "common.h"
#include "fault.h"

#define DEBUGFS "/sys/kernel/debug"
#define SLAB DEBUGFS "/failslab"
#define PAGES DEBUGFS "/fail_page_alloc"
#define KMEMLEAK DEBUGFS "/kmemleak"
#define NTH "/proc/thread-self/fail-nth"

/* More than any call can use up; the kernel counts it down. */
#define TIMES 1000000

static int set(const char *path, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	return write_string(path, text);
}

static int get(const char *path)
{
	char text[32];
	ssize_t len = read_file(path, text, sizeof(text));

	return len < 0 ? len : atoi(text);
}

const char *faults_prepare(void)
{
	if (access(NTH, F_OK))
		return "the kernel was built without CONFIG_FAULT_INJECTION";
	if (access(SLAB, F_OK) &&
	    mount("debugfs", DEBUGFS, "debugfs", 0, NULL))
		return "debugfs cannot be mounted";
	if (access(SLAB, F_OK) || access(PAGES, F_OK))
		return "the kernel was built without CONFIG_FAILSLAB, "
		       "CONFIG_FAIL_PAGE_ALLOC or CONFIG_FAULT_INJECTION_DEBUG_FS";
	/* A stack trace for each fault would take longer than everything else. */
	if (set(SLAB "/verbose", 0) || set(PAGES "/verbose", 0) ||
	    write_string(SLAB "/ignore-gfp-wait", "N") ||
	    write_string(PAGES "/ignore-gfp-wait", "N") ||
	    write_string(PAGES "/ignore-gfp-highmem", "N") ||
	    set(PAGES "/min-order", 0) ||
	    write_string(SLAB "/task-filter", "Y") || set(SLAB "/interval", 1))
		return "faults cannot be configured";
	return NULL;
}

/*
 * Opens the files that arm and disarm a thread in advance: while the thread is
 * armed, opening one might fail.
 */
static int thread_file(const char *path, int *fd, pid_t *of)
{
	if (*of == getpid())
		return 0;
	*fd = open(path, O_RDWR);
	if (*fd < 0)
		return -errno;
	*of = getpid();
	return 0;
}

static int nth_fd, make_fd;

static int open_both(void)
{
	static pid_t nth_of, make_of;

	return thread_file(NTH, &nth_fd, &nth_of) ?:
	       thread_file("/proc/self/make-it-fail", &make_fd, &make_of);
}

static unsigned int mode;
enum { NOTHING, ONE, ALL };

int fault_nth(unsigned int nth)
{
	char text[16];
	int len, err = open_both();

	if (err)
		return err;
	mode = ONE;
	len = snprintf(text, sizeof(text), "%u", nth);
	return pwrite(nth_fd, text, len, 0) == len ? 0 : -errno;
}

int fault_after(unsigned int bytes)
{
	int err = open_both();

	if (!err)
		err = set(SLAB "/times", TIMES);
	if (!err)
		err = set(SLAB "/space", bytes);
	if (!err)
		err = set(SLAB "/probability", 100);
	if (err)
		return err;
	mode = ALL;
	return pwrite(make_fd, "1", 1, 0) == 1 ? 0 : -errno;
}

int fault_end(void)
{
	const unsigned int ended = mode;
	char text[16] = "";

	mode = NOTHING;
	switch (ended) {
	case ONE:
		if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0 ||
		    pwrite(nth_fd, "0", 1, 0) != 1)
			return -EIO;
		return atoi(text) == 0;
	case ALL:
		if (pwrite(make_fd, "0", 1, 0) != 1 ||
		    set(SLAB "/probability", 0))
			return -EIO;
		return TIMES - get(SLAB "/times");
	default:
		return 0;
	}
}

bool leaks_are_found(void)
{
	return !access(KMEMLEAK, F_OK);
}

int leaks_forget(void)
{
	return write_string(KMEMLEAK, "scan") ?:
	       write_string(KMEMLEAK, "clear");
}

int leaks_print(void)
{
	char line[256];
	int lines = 0;
	FILE *file;

	/*
	 * kmemleak skips allocations of the last seconds, and gives objects
	 * that changed since the last scan another chance.
	 */
	sleep(6);
	if (write_string(KMEMLEAK, "scan") || write_string(KMEMLEAK, "scan"))
		return -EIO;
	file = fopen(KMEMLEAK, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		printf("# %s", line);
		lines++;
	}
	fclose(file);
	return lines;
}
