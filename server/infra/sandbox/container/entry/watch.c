/* Figures of the container's own control groups, v2 or v1, and of what was written. */
#include "entry.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup/"
/* Below this much a tmpfs counts as full. */
#define NEARLY_FULL (64 * 1024)

static int is_v2(void) {
  static int known = -1;
  if (known < 0) known = access(ROOT "cgroup.controllers", R_OK) == 0;
  return known;
}

/* The number behind a key in a file ("key 12"), or the file's only number when key is NULL. Negative: not there, or "max". */
static long long figure(const char *path, const char *key) {
  char text[2048], *at = text;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return -1;
  text[n] = 0;
  if (key) {
    size_t length = strlen(key);
    while (at && !(strncmp(at, key, length) == 0 && at[length] == ' ')) at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
    if (!at) return -1;
    at += length + 1;
  }
  return *at >= '0' && *at <= '9' ? strtoll(at, NULL, 10) : -1;
}

long long cgroup_memory_limit(void) { return is_v2() ? figure(ROOT "memory.max", NULL) : figure(ROOT "memory/memory.limit_in_bytes", NULL); }
long long cgroup_pids_limit(void) { return is_v2() ? figure(ROOT "pids.max", NULL) : figure(ROOT "pids/pids.max", NULL); }

const char *cgroup_version(void) {
  if (cgroup_memory_limit() < 0 || cgroup_pids_limit() < 0) return "none";
  return is_v2() ? "v2" : "v1";
}

struct counters read_counters(void) {
  struct counters now;
  if (is_v2()) {
    now.cpu_us = figure(ROOT "cpu.stat", "usage_usec");
    now.memory = figure(ROOT "memory.current", NULL);
    now.peak = figure(ROOT "memory.peak", NULL);
    now.oom_kills = figure(ROOT "memory.events", "oom_kill");
    now.pids_refused = figure(ROOT "pids.events", "max");
    return now;
  }
  long long cpu_ns = figure(ROOT "cpuacct/cpuacct.usage", NULL);
  if (cpu_ns < 0) cpu_ns = figure(ROOT "cpu,cpuacct/cpuacct.usage", NULL);
  now.cpu_us = cpu_ns < 0 ? -1 : cpu_ns / 1000;
  now.memory = figure(ROOT "memory/memory.usage_in_bytes", NULL);
  now.peak = figure(ROOT "memory/memory.max_usage_in_bytes", NULL);
  now.oom_kills = figure(ROOT "memory/memory.oom_control", "oom_kill");
  now.pids_refused = figure(ROOT "pids/pids.events", "max");
  return now;
}

/* Of /work and /tmp together: 2 when they hold more files and folders than allowed, 1 when one of them is full. */
int disk_state(const struct box *box) {
  struct statvfs at[2];
  long used = 0;
  int full = 0;
  if (statvfs("/work", &at[0]) < 0 || statvfs("/tmp", &at[1]) < 0) return 0;
  for (int i = 0; i < 2; i++) {
    used += (long)(at[i].f_files - at[i].f_ffree) - 1;
    full |= at[i].f_bfree * at[i].f_frsize < NEARLY_FULL && at[i].f_blocks > 0;
  }
  return used > box->inodes ? 2 : full;
}
