// The life of one program: start, watch, end, report. This process is the first of its pid namespace: when it ends, all end.
#pragma once
#include "files.h"
#include "sockets.h"

enum { BY_ITSELF = 0, BY_WALL, BY_CPU, BY_OUTPUT, BY_DISK, BY_INODES, BY_MEMORY, BY_ABORT };
#define WATCH_EVERY_US 20000u
// No machine fills memory faster (bytes per microsecond): the nearer to the limit, the sooner the next look.
#define FILLED_PER_US 4096u
#define SOONEST_US 2000u
#define LATEST_US 60000u
#define DISK_SLACK (1u << 20)

struct stream { int fd; u8 kind; u64 passed; int cut; };
struct box {
  struct order order;
  struct wire wire;
  struct stream out, err;
  int in, signals, proc, started_with, status, ended, ended_by;
  long pid;
  // `spent`: CPU time of a program that waited, in microseconds, before it had its order.
  u64 began, finished, peak, next_look, disk_peak, spent;
  struct rusage of_main;
};

static void end_all(struct box *b, int why) {
  if (b->ended_by == BY_ITSELF && !b->ended) b->ended_by = why;
  kill_all();
}

/** Waits for every child that ended; the program itself is told from those it left behind. */
static void reap(struct box *b, int options) {
  int status;
  struct rusage usage;
  for (;;) {
    long pid = wait_any(&status, options, &usage);
    if (pid == -EINTR) continue;
    if (pid <= 0) return;
    if (pid != b->pid) continue;
    b->ended = 1;
    b->status = status;
    b->finished = now_us();
  }
}

/** One piece of output to the worker, up to the limit. Answers 0 at the end of the stream. */
static int pass_on(struct box *b, struct stream *s) {
  u8 *to = b->wire.frame + 5;
  long n = read_fd(s->fd, to, CHUNK);
  if (n == -EAGAIN || n == -EINTR) return 1;
  if (n <= 0) {
    close_fd(s->fd);
    s->fd = -1;
    return 0;
  }
  u64 room = b->order.output - s->passed;
  if ((u64)n > room) {
    if (!s->cut) end_all(b, BY_OUTPUT);
    if (b->ended_by == BY_ITSELF) b->ended_by = BY_OUTPUT;
    s->cut = 1;
    n = (long)room;
  }
  s->passed += (u64)n;
  if (n && queue(&b->wire, s->kind, (u32)n) < 0) exit_now(97);
  return 1;
}

/** Bytes and inodes in use on the file systems that the program may write to. */
static void watch_disk(struct box *b) {
  static const char *const places[] = {"/work", "/tmp", "/dev/shm"};
  u64 bytes = 0, inodes = 0;
  for (int i = 0; i < 3; i++) {
    struct statfs about;
    if (CALL2(__NR_statfs, places[i], &about) < 0) continue;
    if (i < 2) bytes += (u64)(about.f_blocks - about.f_bfree) * (u64)about.f_bsize;
    inodes += (u64)(about.f_files - about.f_ffree);
    // A full place has told the program already.
    if (i < 2 && about.f_blocks && !about.f_bfree) b->disk_peak = b->order.disk;
  }
  if (bytes > b->disk_peak) b->disk_peak = bytes;
  if (b->ended) return;
  if (inodes > b->order.inodes) end_all(b, BY_INODES);
  // Each place ends at the limit by itself; this is for both together.
  if (bytes > b->order.disk + DISK_SLACK) end_all(b, BY_DISK);
}

/** CPU and memory of all. Answers how long, in microseconds, memory cannot pass its limit. */
static u64 watch_usage(struct box *b) {
  struct rusage gone;
  struct usage sum = measure(b->proc, 1, 0);
  u64 elsewhere = held_by_sockets(b->proc);
  // The cheap sum is never too low: below the limit there is nothing to look at more closely.
  if (sum.memory + elsewhere > b->order.memory) sum.memory = measure(b->proc, 1, b->order.memory).memory;
  sum.memory += elsewhere;
  if (sum.memory > b->peak) b->peak = sum.memory;
  CALL2(__NR_getrusage, RUSAGE_CHILDREN, &gone);
  u64 waited = (u64)(gone.ru_utime.tv_sec + gone.ru_stime.tv_sec) * 1000 + (u64)(gone.ru_utime.tv_usec + gone.ru_stime.tv_usec) / 1000;
  if (sum.memory > b->order.memory) end_all(b, BY_MEMORY);
  else if (b->order.cpu_ms && sum.cpu_ms + waited > b->order.cpu_ms + b->spent / 1000) end_all(b, BY_CPU);
  else return (b->order.memory - sum.memory) / FILLED_PER_US;
  return WATCH_EVERY_US;
}

static u64 between(u64 low, u64 value, u64 high) { return value < low ? low : value > high ? high : value; }

static u64 first_look(struct order *o) {
  return o->flags & WATCH_USAGE ? between(SOONEST_US, o->memory / FILLED_PER_US, WATCH_EVERY_US) : WATCH_EVERY_US;
}

/** How long nothing needs looking at, in microseconds; looks when it is time. */
static u64 watch(struct box *b) {
  u64 now = now_us(), wall = b->began + (u64)b->order.wall_ms * 1000, pause = WATCH_EVERY_US;
  if (now >= wall) {
    end_all(b, BY_WALL);
    return WATCH_EVERY_US;
  }
  if (now >= b->next_look) {
    u64 used = own_cpu_us();
    watch_disk(b);
    if (b->order.flags & WATCH_USAGE && b->proc >= 0) pause = between(SOONEST_US, watch_usage(b), WATCH_EVERY_US);
    u64 took = own_cpu_us() - used;
    now = now_us();
    // Looking costs at most a tenth of the time; but who makes it slow (many processes, many mappings) gains no time unseen by it.
    b->next_look = now + between(pause, took * 10, LATEST_US);
  }
  u64 next = b->next_look < wall ? b->next_look : wall;
  return next > now ? next - now : 0;
}
