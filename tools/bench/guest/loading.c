// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE benchmark - the cost of loading policies: instructions and memory
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "clock.h"
#include "policies.h"

#define REPETITIONS 4

/* The interval of the watch, in nanoseconds. */
#define WATCH_PERIOD 100000

/* Writes a message; the time is that of a single write(2). */
static int submit(const struct blob *message, uint64_t *ticks)
{
	uint64_t start;
	int err, fd;

	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	must(fd < 0 ? -errno : 0, IPE_NEW_POLICY);
	start = now();
	err = write_fd(fd, message->data, message->len);
	*ticks = now() - start;
	close(fd);
	return err;
}

/* Changes a digit of the first digest. */
static void forge(struct blob *message)
{
	static const char before[] = "=sha256:";
	unsigned char *at;

	at = memmem(message->data, message->len, before, strlen(before));
	if (!at)
		fail("found no digest to forge");
	at += strlen(before);
	*at = *at == '0' ? '1' : '0';
}

static void print_refusal(const struct policy *policy, size_t bytes, int err)
{
	printf("bench: refused family=%s rules=%lu bytes=%zu errno=%d\n",
	       policy->family, policy->rules, bytes, -err);
}

/*
 * A valid message, then the same with one digit changed: the kernel copies,
 * decodes and hashes it as well, and stops at the signature.
 */
static void loading_cost(const struct policy *policy)
{
	uint64_t good[REPETITIONS], bad[REPETITIONS];
	struct cost cost, forged;
	struct blob message;
	int i, err;

	policy_read(policy, &message);
	for (i = 0; i < REPETITIONS; i++) {
		err = submit(&message, &good[i]);
		if (err) {
			print_refusal(policy, message.len, err);
			goto out;
		}
		must(policy_delete(policy->name), "removal of a policy");
	}
	forge(&message);
	for (i = 0; i < REPETITIONS; i++) {
		err = submit(&message, &bad[i]);
		if (err != -EKEYREJECTED)
			fail("a forged policy is answered with %d", err);
	}
	cost = cost_of(good, REPETITIONS);
	forged = cost_of(bad, REPETITIONS);
	printf("bench: load rules=%lu bytes=%zu least=%llu forged=%llu\n",
	       policy->rules, message.len, (unsigned long long)cost.least,
	       (unsigned long long)forged.least);
out:
	blob_free(&message);
}

void loading_costs(void)
{
	policies_each("half", loading_cost);
	policies_each("digest", loading_cost);
}

/* The kernel's memory for objects, in KiB: of the slab and of vmalloc(). */
static long kernel_memory(void)
{
	static char text[8192];
	long slab, vmalloc;
	char *at;

	must(read_file("/proc/meminfo", text, sizeof(text)), "/proc/meminfo");
	at = strstr(text, "\nSlab:");
	if (!at || sscanf(at, "\nSlab: %ld", &slab) != 1)
		fail("/proc/meminfo has no slab");
	at = strstr(text, "\nVmallocUsed:");
	if (!at || sscanf(at, "\nVmallocUsed: %ld", &vmalloc) != 1)
		fail("/proc/meminfo has no vmalloc");
	return slab + vmalloc;
}

/* A thread that interrupts all others, and notes the largest value. */
struct watch {
	pthread_t thread;
	volatile bool stop;
	volatile long most;
};

static void *watch_run(void *argument)
{
	const struct timespec period = { .tv_nsec = WATCH_PERIOD };
	struct watch *watch = argument;
	long seen;

	while (!watch->stop) {
		seen = kernel_memory();
		if (seen > watch->most)
			watch->most = seen;
		nanosleep(&period, NULL);
	}
	return NULL;
}

static void watch_start(struct watch *watch)
{
	const struct sched_param priority = { .sched_priority = 1 };
	pthread_attr_t attributes;

	watch->stop = false;
	watch->most = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	must(-pthread_create(&watch->thread, &attributes, watch_run, watch),
	     "thread");
	pthread_attr_destroy(&attributes);
}

static long watch_stop(struct watch *watch)
{
	watch->stop = true;
	pthread_join(watch->thread, NULL);
	return watch->most;
}

/* Loads policies that differ only in their names at the same time. */
static unsigned long loaded_rules, loaded_count;
static size_t loaded_bytes;
static long memory_before, memory_peak;

static void load_one(const struct policy *policy)
{
	struct watch watch;
	struct blob message;
	uint64_t ticks;
	long before, most;
	int err;

	if (policy->rules != loaded_rules)
		return;
	policy_read(policy, &message);
	before = kernel_memory();
	watch_start(&watch);
	err = submit(&message, &ticks);
	most = watch_stop(&watch);
	if (err) {
		print_refusal(policy, message.len, err);
	} else {
		loaded_count++;
		loaded_bytes += message.len;
		if (most - before > memory_peak)
			memory_peak = most - before;
	}
	blob_free(&message);
}

static void delete_one(const struct policy *policy)
{
	if (policy->rules == loaded_rules && policy_exists(policy->name))
		must(policy_delete(policy->name), "removal of a policy");
}

static void memory_of(const struct policy *policy)
{
	long lasting;

	if (policy->rules == loaded_rules)
		return;
	loaded_rules = policy->rules;

	/* Once before, so that the slab contains the remains of the first ones. */
	policies_each("memory", load_one);
	policies_each("memory", delete_one);

	loaded_count = 0;
	loaded_bytes = 0;
	memory_peak = 0;
	memory_before = kernel_memory();
	policies_each("memory", load_one);
	lasting = kernel_memory() - memory_before;
	policies_each("memory", delete_one);
	if (loaded_count)
		printf("bench: memory rules=%lu policies=%lu bytes=%zu lasting=%ld peak=%ld\n",
		       policy->rules, loaded_count, loaded_bytes,
		       lasting * 1024, memory_peak * 1024);
}

void loading_memory(void)
{
	policies_each("memory", memory_of);
}

/*
 * The record of an activation has the digests of both signed messages, and
 * nothing else in it depends on their length: so it shows the cost of hashing.
 * The time is that of the thread, because activation sleeps.
 */
static uint64_t thread_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void activation_cost(const struct policy *policy)
{
	uint64_t samples[REPETITIONS], start;
	struct blob message;
	int i, err;

	policy_read(policy, &message);
	err = policy_submit(IPE_NEW_POLICY, message.data, message.len);
	if (err)
		goto out;
	for (i = 0; i < REPETITIONS; i++) {
		must(policy_activate("bench_base"), "activation");
		start = thread_time();
		must(policy_activate(policy->name), "activation");
		samples[i] = thread_time() - start;
	}
	must(policy_activate("bench_base"), "activation");
	must(policy_delete(policy->name), "removal of a policy");
	printf("bench: activate rules=%lu bytes=%zu least=%llu\n",
	       policy->rules, message.len,
	       (unsigned long long)cost_of(samples, REPETITIONS).least);
out:
	blob_free(&message);
}

void activation_costs(void)
{
	policies_each("half", activation_cost);
	policies_each("digest", activation_cost);
}
