// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - memory runs out during decisions, and while dm-verity and
 * fs-verity report properties
 */
#include "fault_fixture.h"

#define ON_TRIAL IPE_PREFIX "_trial"

static char path[PATH_MAX];
static struct volume volume;

/* Decisions. */

static int prepare_allowed(void)
{
	snprintf(path, sizeof(path), "%s", stage_path(PLACE_INITRAMFS, "probe"));
	return 0;
}

static int prepare_allowed_recorded(void)
{
	return prepare_allowed() ?: write_string(IPE_SUCCESS_AUDIT, "1");
}

static int prepare_denied(void)
{
	snprintf(path, sizeof(path), "%s", stage_path(PLACE_TMPFS, "probe"));
	return 0;
}

/*
 * A policy on trial denies everything. A denial that is its alone is recorded once
 * for each file, so that each attempt begins a new trial.
 */
static int prepare_tried(void)
{
	int err = prepare_allowed();

	if (!err && !policy_exists(ON_TRIAL))
		err = policy_load(ON_TRIAL, NULL, "DEFAULT action=DENY\n");
	return err ?: write_string(policy_file(ON_TRIAL, "trial"), "1");
}

static int prepare_tried_denied(void)
{
	return prepare_tried() ?: prepare_denied();
}

static int map(void)
{
	return try_mmap_path(path);
}

static int protect(void)
{
	return try_mprotect_path(path);
}

static int execute(void)
{
	return try_execve_check_path(path);
}

/* dm-verity. */

/*
 * Faults are injected while a loaded table becomes active, because
 * device-mapper tells IPE then; the rest is device-mapper's own work. Each
 * attempt uses a new device: one that failed to start may start the next time,
 * and then fail each read.
 */
static int prepare_start(void)
{
	return volume_close(&volume) ?:
	       volume_prepare(&volume, &stage_dmv_signed, true);
}

static int resume_volume(void)
{
	return volume_resume(&volume);
}

static int map_on_volume(void)
{
	char file[PATH_MAX + 8];

	snprintf(file, sizeof(file), "%s/faulty/probe", stage_dir());
	return try_mmap_path(file);
}

static bool volume_is_trusted(void)
{
	return !map_on_volume();
}

static bool started_volume_is_trusted(void)
{
	int err;

	snprintf(path, sizeof(path), "%s/faulty", stage_dir());
	err = volume_mount(&volume, path);
	if (err)
		printf("# mounting %s: %d\n", volume.device, err);
	return !err && volume_is_trusted();
}

static int close_volume(void)
{
	return volume_close(&volume);
}

static int prepare_reload(const struct image *from, bool from_signed,
			  const struct image *to, bool to_signed)
{
	int err = volume_close(&volume);

	snprintf(path, sizeof(path), "%s/faulty", stage_dir());
	err = err ?: volume_open(&volume, from, from_signed, path);
	if (err)
		return err;
	if (map_on_volume() != (from_signed ? 0 : -EACCES))
		return -EIO;
	return volume_prepare_reload(&volume, to, to_signed);
}

/* An untrusted volume gets a trusted table. */
static int prepare_trusted(void)
{
	return prepare_reload(&stage_dmv, false, &stage_dmv_signed, true);
}

/* A trusted volume gets an untrusted table. */
static int prepare_distrusted(void)
{
	return prepare_reload(&stage_dmv_signed, true, &stage_dmv, false);
}

static bool volume_is_distrusted(void)
{
	return map_on_volume() == -EACCES;
}

/*
 * Whatever device-mapper did: the volume is trusted if its present table is.
 * The attempt must not read the file, because reads wait while the device is
 * suspended.
 */
static bool trust_is_deserved(void)
{
	char file[PATH_MAX + 8];

	snprintf(file, sizeof(file), "%s/faulty/probe", stage_dir());
	return try_execve_check_path(file) ||
	       volume_serves(&volume, &stage_dmv_signed);
}

/* fs-verity: a new file each time, because it cannot be disabled again. */
static struct blob signature;

static int prepare_file(void)
{
	int err;

	snprintf(path, sizeof(path), "%s-fault",
		 stage_path(PLACE_EXT4, "probe"));
	unlink(path);
	err = copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755);
	blob_free(&signature);
	return err ?: fsverity_sign(stage_path(PLACE_FSV, "probe"), &signature);
}

static int enable(void)
{
	return fsverity_enable(path, 1, &signature);
}

static bool file_is_trusted(void)
{
	return !map();
}

/* fs-verity checks the signature again when the inode is loaded again. */
static int prepare_evicted(void)
{
	snprintf(path, sizeof(path), "%s",
		 stage_path(PLACE_FSV_SIGNED, "probe"));
	sync();
	return write_string("/proc/sys/vm/drop_caches", "3");
}

/* clang-format off */
FAULT(mmap_allowed, .prepare = prepare_allowed, .run = map, .done = always);
FAULT(mmap_allowed_recorded, .prepare = prepare_allowed_recorded, .run = map, .done = always);
FAULT(mmap_denied, .prepare = prepare_denied, .run = map, .result = -EACCES);
FAULT(mmap_tried, .prepare = prepare_tried, .prepare_always = true, .run = map, .done = always);
FAULT(mmap_tried_denied, .prepare = prepare_tried_denied, .prepare_always = true, .run = map, .result = -EACCES);
FAULT(mprotect_allowed, .prepare = prepare_allowed, .run = protect, .done = always);
FAULT(mprotect_denied, .prepare = prepare_denied, .run = protect, .result = -EACCES);
FAULT(execute_allowed, .prepare = prepare_allowed, .run = execute, .done = always);
FAULT(execute_denied, .prepare = prepare_denied, .run = execute, .result = -EACCES);
FAULT(dmverity_start, .place = PLACE_DMV_SIGNED, .prepare = prepare_start, .prepare_always = true, .run = resume_volume, .done = started_volume_is_trusted, .undo = close_volume);
FAULT(dmverity_trust, .place = PLACE_DMV_SIGNED, .prepare = prepare_trusted, .prepare_always = true, .run = resume_volume, .done = volume_is_trusted, .holds = trust_is_deserved, .undo = close_volume);
FAULT(dmverity_distrust, .place = PLACE_DMV_SIGNED, .prepare = prepare_distrusted, .prepare_always = true, .run = resume_volume, .done = volume_is_distrusted, .holds = trust_is_deserved, .undo = close_volume);
FAULT(fsverity_enable, .place = PLACE_FSV_SIGNED, .prepare = prepare_file, .prepare_always = true, .run = enable, .done = file_is_trusted, .one_at_a_time = true);
FAULT(fsverity_evicted, .place = PLACE_FSV_SIGNED, .prepare = prepare_evicted, .prepare_always = true, .run = map, .done = always, .one_at_a_time = true);
/* clang-format on */

IPE_TEST_MAIN_UNLESS(faults_prepare(), faults_setup, audited_stage_teardown)
