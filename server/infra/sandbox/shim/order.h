// What the worker orders: limits, argv, environment, files and input. Layout: see server/infra/sandbox/wire.ts.
#pragma once
#include "text.h"

#define WATCH_USAGE 1u
// Start the program now and hold its source back until a second order brings it: see wait.h.
#define WAITS 2u

struct order {
  u32 wall_ms, cpu_ms, processes, flags;
  u64 memory, address_space, output, disk, inodes, collect_max;
  u32 files, stdin_bytes;
  char **argv, **env;
  const char *collect;
  const u8 *at, *end;
};

static u64 take(struct order *o, u32 bytes) {
  u64 value = 0;
  if ((u64)(o->end - o->at) < bytes) exit_now(90);
  memcpy(&value, o->at, bytes);
  o->at += bytes;
  return value;
}
/** Text with its length before and a NUL behind. */
static char *take_text(struct order *o) {
  u64 n = take(o, 4);
  char *s = (char *)o->at;
  if ((u64)(o->end - o->at) < n + 1 || s[n]) exit_now(91);
  o->at += n + 1;
  return s;
}
/** Reads all of `n` bytes; ends when the worker is gone. */
static void read_all(int fd, void *to, u64 n) {
  for (u64 got = 0; got < n;) {
    long r = read_fd(fd, (u8 *)to + got, n - got);
    if (r == -EINTR) continue;
    if (r <= 0) exit_now(92);
    got += (u64)r;
  }
}

static char **take_texts(struct order *o, u64 n) {
  char **list = map_bytes((n + 1) * sizeof *list);
  if (!list) exit_now(93);
  for (u64 i = 0; i < n; i++) list[i] = take_text(o);
  return list;
}

static void read_order(struct order *o, int in) {
  u32 size;
  read_all(in, &size, 4);
  u8 *bytes = size > 64u << 20 ? 0 : map_bytes(size);
  if (!bytes) exit_now(94);
  read_all(in, bytes, size);
  o->at = bytes;
  o->end = bytes + size;
  if (take(o, 4) != 1) exit_now(95);
  o->wall_ms = (u32)take(o, 4), o->cpu_ms = (u32)take(o, 4), o->processes = (u32)take(o, 4), o->flags = (u32)take(o, 4);
  o->memory = take(o, 8), o->address_space = take(o, 8), o->output = take(o, 8), o->disk = take(o, 8);
  o->inodes = take(o, 8), o->collect_max = take(o, 8);
  u64 argc = take(o, 4), envc = take(o, 4);
  o->files = (u32)take(o, 4), o->stdin_bytes = (u32)take(o, 4);
  o->argv = take_texts(o, argc);
  o->env = take_texts(o, envc);
  o->collect = take_text(o);
}
