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
/** The number behind `name` and blanks in a text; 0 when it is not there. */
static u64 number_after(const char *text, const char *name) {
  for (; *text; text++) {
    const char *at = text, *wanted = name;
    while (*wanted && *at == *wanted) at++, wanted++;
    if (*wanted) continue;
    while (*at == ' ' || *at == '\t') at++;
    return take_number(&at);
  }
  return 0;
}
static const char *skip_fields(const char *at, int n) {
  while (n-- && *at) {
    while (*at && *at != ' ') at++;
    while (*at == ' ') at++;
  }
  return at;
}
// Up to here the tables of a process are small beside it.
#define LARGE_SPACE (1ULL << 30)

/** What the tables hold that lead to a process' pages: reading a page here and there fills them, and nothing that is resident. */
static u64 page_tables(int dir) {
  char text[2048];
  read_text(dir, "status", text, sizeof text);
  return number_after(text, "\nVmPTE:") * 1024;
}
/** Of one process: CPU time with its waited children in clock ticks of 10 ms, resident bytes, bytes of the tables that lead there. */
struct parts { u64 ticks, resident, tables; };

/** Adds a process. Answers 0 when its first thread is gone, and with it what can be told here of the memory of the others. */
static int add_process(int dir, struct parts *p) {
  char text[1024];
  long n = read_text(dir, "stat", text, sizeof text);
  const char *at = text + n;
  // The name stands in parentheses and may hold anything: its end is the last one.
  while (at > text && *at != ')') at--;
  if (at == text) return 1;
  int gone = at[1] == ' ' && at[2] == 'Z';
  at = skip_fields(at, 12);
  for (int i = 0; i < 4; i++) {
    p->ticks += take_number(&at);
    at = skip_fields(at, 1);
  }
  at = skip_fields(at, 2);
  const char *threads = at;
  if (gone && take_number(&threads) > 1) return 0;
  at = skip_fields(at, 3);
  if (take_number(&at) > LARGE_SPACE) p->tables += page_tables(dir);
  at = skip_fields(at, 1);
  if (*at != '-') p->resident += take_number(&at) * 4096;
  return 1;
}
/** Resident bytes of a process, those that it shares divided by how many share them. 0: cannot be told. */
static u64 shared_out(int dir) {
  char text[2048];
  read_text(dir, "smaps_rollup", text, sizeof text);
  return number_after(text, "\nPss:") * 1024;
}

struct entry { u64 ino; s64 off; unsigned short size; u8 type; char name[]; };

/** Opens what tells of a process by another of its threads: `/proc/<thread>` is there though no list names it. */
static long open_by_thread(int proc, int dir, u64 pid) {
  char list[1024];
  long tasks = open_at(dir, "task", O_RDONLY | O_DIRECTORY, 0), found = -ENOENT;
  long n = tasks < 0 ? 0 : CALL3(__NR_getdents64, tasks, list, sizeof list);
  for (long i = 0; i < n && found < 0; i += ((struct entry *)(list + i))->size) {
    const char *name = ((struct entry *)(list + i))->name;
    const char *end = name;
    u64 thread = take_number(&end);
    if (!*end && thread && thread != pid) found = open_at(proc, name, O_RDONLY | O_DIRECTORY, 0);
  }
  if (tasks >= 0) close_fd((int)tasks);
  return found;
}

/** One process, whichever of its threads can tell of it. */
static void add_one(int proc, struct entry *e, u64 pid, struct parts *all, int exact) {
  struct parts own = {0, 0, 0}, other = {0, 0, 0};
  long dir = open_at(proc, e->name, O_RDONLY | O_DIRECTORY, 0);
  if (dir < 0) return;
  if (!add_process((int)dir, &own)) {
    long by_thread = open_by_thread(proc, (int)dir, pid);
    close_fd((int)dir);
    if ((dir = by_thread) < 0) return;
    // A thread that is asked this way answers for its process: the time was counted just now.
    add_process((int)dir, &other);
    own.resident = other.resident, own.tables = other.tables;
  }
  u64 share = exact ? shared_out((int)dir) : 0;
  all->ticks += own.ticks;
  all->resident += share ? share : own.resident;
  all->tables += own.tables;
  close_fd((int)dir);
}

/**
 * Of all processes but this one. Memory is the cheap sum, or with `exact` (which may be made slow by many mappings) the one that
 * counts shared pages once, as far as `exact` bytes: more need not be known.
 */
static struct usage measure(int proc, u64 self, u64 exact) {
  char list[4096];
  struct parts all = {0, 0, 0};
  CALL3(__NR_lseek, proc, 0, 0);
  for (long n; (n = CALL3(__NR_getdents64, proc, list, sizeof list)) > 0;) {
    for (long i = 0; i < n; i += ((struct entry *)(list + i))->size) {
      struct entry *e = (struct entry *)(list + i);
      const char *name = e->name;
      u64 pid = take_number(&name);
      if (!*name && pid && pid != self) add_one(proc, e, pid, &all, exact > 0);
      if (exact && all.resident + all.tables > exact) return (struct usage){all.ticks * 10, all.resident + all.tables};
    }
  }
  return (struct usage){all.ticks * 10, all.resident + all.tables};
}
