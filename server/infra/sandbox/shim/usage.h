// What the processes of the box use, read from /proc of the box. For machines without cgroups; see `watch` in box.h.
#pragma once
#include "text.h"

struct usage { u64 cpu_ms, memory; };

static long read_text(int dir, const char *path, char *to, u64 room) {
  long fd = open_at(dir, path, O_RDONLY, 0);
  if (fd < 0) return 0;
  long n = read_fd((int)fd, to, room - 1);
  close_fd((int)fd);
  if (n < 0) n = 0;
  to[n] = 0;
  return n;
}
static const char *skip_fields(const char *at, int n) {
  while (n-- && *at) {
    while (*at && *at != ' ') at++;
    while (*at == ' ') at++;
  }
  return at;
}
/** CPU time of a process and its waited children, in clock ticks of 10 ms; its resident pages. */
static void add_process(int dir, u64 *ticks, u64 *pages) {
  char text[1024];
  long n = read_text(dir, "stat", text, sizeof text);
  const char *at = text + n;
  // The name stands in parentheses and may hold anything: its end is the last one.
  while (at > text && *at != ')') at--;
  if (at == text) return;
  at = skip_fields(at, 12);
  for (int i = 0; i < 4; i++) {
    *ticks += take_number(&at);
    at = skip_fields(at, 1);
  }
  at = skip_fields(at, 6);
  if (*at != '-') *pages += take_number(&at);
}
/** Resident bytes of a process, those that it shares divided by how many share them. 0: cannot be told. */
static u64 shared_out(int dir) {
  char text[2048];
  read_text(dir, "smaps_rollup", text, sizeof text);
  for (const char *at = text; *at; at++) {
    if (at[0] != '\n' || at[1] != 'P' || at[2] != 's' || at[3] != 's' || at[4] != ':') continue;
    at += 5;
    while (*at == ' ') at++;
    return take_number(&at) * 1024;
  }
  return 0;
}

struct entry { u64 ino; s64 off; unsigned short size; u8 type; char name[]; };

/** Of all processes but this one. Memory is the cheap sum, or with `exact` the one that counts shared pages once. */
static struct usage measure(int proc, u64 self, int exact) {
  char list[4096];
  struct usage sum = {0, 0};
  u64 ticks = 0;
  CALL3(__NR_lseek, proc, 0, 0);
  for (long n; (n = CALL3(__NR_getdents64, proc, list, sizeof list)) > 0;) {
    for (long i = 0; i < n; i += ((struct entry *)(list + i))->size) {
      struct entry *e = (struct entry *)(list + i);
      const char *name = e->name;
      u64 pid = take_number(&name), pages = 0, share;
      if (*name || !pid || pid == self) continue;
      long dir = open_at(proc, e->name, O_RDONLY | O_DIRECTORY, 0);
      if (dir < 0) continue;
      add_process((int)dir, &ticks, &pages);
      share = exact ? shared_out((int)dir) : 0;
      sum.memory += share ? share : pages * 4096;
      close_fd((int)dir);
    }
  }
  sum.cpu_ms = ticks * 10;
  return sum;
}
