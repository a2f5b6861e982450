/* Runs the program within its limits and tells how it ended. */
#include "entry.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 20

struct stream { int fd; char type; long left; int cut; };
struct progress {
  const struct box *box;
  struct stream streams[2];
  struct counters before, now;
  long long started_us, wall_us, most_memory;
  const char *reason; /* why it was ended by force: the first that bit */
  int full, status, ended;
  pid_t pid;
};

static long long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void end_by_force(struct progress *p, const char *reason) {
  if (!p->reason) p->reason = reason;
  kill(-1, SIGKILL);
}

/* Passes on what is there, up to the limit. Returns 0 when nothing more is to be had now. */
static int pass_on(struct progress *p, struct stream *s) {
  char block[65536];
  if (s->fd < 0) return 0;
  ssize_t n = read(s->fd, block, sizeof block);
  if (n < 0) return errno == EINTR;
  if (n == 0) { close(s->fd); s->fd = -1; return 0; }
  long keep = n < s->left ? (long)n : s->left;
  if (keep > 0) send_frame(s->type, block, (size_t)keep);
  s->left -= keep;
  if (keep < n) { s->cut = 1; end_by_force(p, "output"); }
  return 1;
}

static long long cpu_used(const struct progress *p) {
  struct rusage children;
  if (p->now.cpu_us >= 0 && p->before.cpu_us >= 0) return p->now.cpu_us - p->before.cpu_us;
  getrusage(RUSAGE_CHILDREN, &children);
  return (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000LL + children.ru_utime.tv_usec + children.ru_stime.tv_usec;
}

static void look(struct progress *p) {
  p->now = read_counters();
  if (p->now.memory > p->most_memory) p->most_memory = p->now.memory;
  int disk = disk_state(p->box);
  if (disk == 1) p->full = 1;
  if (p->now.oom_kills > p->before.oom_kills) end_by_force(p, "memory");
  else if (disk == 2) end_by_force(p, "inodes");
  else if (cpu_used(p) > p->box->cpu_ms * 1000LL) end_by_force(p, "cpu");
  else if (now_us() - p->started_us > p->box->wall_ms * 1000LL) end_by_force(p, "wall");
}

/* Whatever ended: the program itself is remembered, orphans are only buried. */
static void reap(struct progress *p) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != p->pid) continue;
    p->wall_us = now_us() - p->started_us;
    p->status = status;
    p->ended = 1;
  }
}

static void watch_until_it_ends(struct progress *p, int signals) {
  while (!p->ended) {
    struct pollfd fds[4] = { { 0, POLLIN, 0 }, { signals, POLLIN, 0 }, { p->streams[0].fd, POLLIN, 0 }, { p->streams[1].fd, POLLIN, 0 } };
    long long left = p->box->wall_ms - (now_us() - p->started_us) / 1000 + 1;
    poll(fds, 4, left < 1 ? 1 : left < TICK_MS ? (int)left : TICK_MS);
    // A word or the end of the line from outside, whichever: the run is not wanted any more.
    if (fds[0].revents) end_by_force(p, "cancel");
    if (fds[1].revents) { struct signalfd_siginfo info; if (read(signals, &info, sizeof info) < 0) errno = 0; }
    for (int i = 0; i < 2; i++) if (fds[2 + i].revents) pass_on(p, &p->streams[i]);
    reap(p);
    look(p);
  }
}

/* The program has ended: so do all it left behind, and what they printed until now is passed on. */
static void clear_up(struct progress *p) {
  for (;;) {
    kill(-1, SIGKILL);
    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD) break;
    struct timespec moment = { 0, 200000 };
    nanosleep(&moment, NULL);
  }
  for (int i = 0; i < 2; i++) while (pass_on(p, &p->streams[i]));
}

static void tell(struct progress *p) {
  char text[512];
  struct rusage children;
  getrusage(RUSAGE_CHILDREN, &children);
  p->now = read_counters();
  if (disk_state(p->box) == 1) p->full = 1;
  // The group's own highest mark counts only when the program raised it: starting the container left one too.
  long long peak = p->now.peak > p->before.peak ? p->now.peak : p->most_memory;
  if (peak < children.ru_maxrss * 1024LL) peak = children.ru_maxrss * 1024LL;
  int n = snprintf(text, sizeof text,
    "{\"exit\":%d,\"signal\":%d,\"reason\":\"%s\",\"oom\":%s,\"full\":%s,\"refused\":%s,\"cut\":[%s,%s],\"cpu_us\":%lld,\"wall_us\":%lld,\"peak\":%lld}",
    WIFEXITED(p->status) ? WEXITSTATUS(p->status) : -1, WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0, p->reason ? p->reason : "",
    p->now.oom_kills > p->before.oom_kills ? "true" : "false", p->full ? "true" : "false",
    p->now.pids_refused > p->before.pids_refused ? "true" : "false", p->streams[0].cut ? "true" : "false", p->streams[1].cut ? "true" : "false",
    cpu_used(p), p->wall_us, peak);
  send_frame('R', text, (size_t)n);
}

void run_program(const struct box *box) {
  int out[2], err[2];
  sigset_t child;
  if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) fail("no pipes");
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  struct progress p = { .box = box, .streams = { { out[0], 'O', box->output_bytes, 0 }, { err[0], 'X', box->output_bytes, 0 } } };
  p.before = p.now = read_counters();
  p.started_us = now_us();
  p.pid = start_program(box, out[1], err[1]);
  close(out[1]);
  close(err[1]);
  watch_until_it_ends(&p, signals);
  clear_up(&p);
  if (box->collect && WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0 && !p.reason) collect_file(box->collect, box->collect_max);
  tell(&p);
}
