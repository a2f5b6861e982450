/*
 * The first process inside a box, and the last one before it (launch.h). Modes, by the first argument:
 *   box <in> <out>       reads an order, runs the program, sends its output and how it ended
 *   launch ...           joins cgroups, drops to another user and becomes bubblewrap
 *   try <question> ...   a program for the self-test (try.h)
 * One static file without a C library: see system.h. Built by `make shim`.
 */
#include "launch.h"
#include "start.h"
#include "wait.h"
#include "try.h"

static struct box box;

static void report(struct box *b, long error, int collected) {
  struct line l = {.n = 0};
  struct rusage all;
  CALL2(__NR_getrusage, RUSAGE_CHILDREN, &all);
  add_text(&l, "{");
  add_field(&l, "startError", (u64)-error);
  add_field(&l, "waitStatus", (u64)b->status);
  add_field(&l, "endedBy", (u64)b->ended_by);
  add_field(&l, "wallUs", b->finished - b->began);
  u64 cpu = (u64)(all.ru_utime.tv_sec + all.ru_stime.tv_sec) * 1000000 + (u64)(all.ru_utime.tv_usec + all.ru_stime.tv_usec);
  add_field(&l, "cpuUs", cpu > b->spent ? cpu - b->spent : 0);
  add_field(&l, "peakBytes", b->peak > (u64)all.ru_maxrss * 1024 ? b->peak : (u64)all.ru_maxrss * 1024);
  add_field(&l, "diskFull", b->disk_peak >= b->order.disk);
  add_field(&l, "stdoutCut", (u64)b->out.cut);
  add_field(&l, "stderrCut", (u64)b->err.cut);
  add_field(&l, "collect", (u64)collected);
  l.text[l.n - 1] = '}';
  send_line(&b->wire, STATUS, &l);
}

/** One round: waits until something happens, and deals with it. */
static void attend(struct box *b) {
  int waiting = push(&b->wire) > 0;
  struct pollfd fds[] = {
    {b->in, POLLIN, 0},
    {b->signals, POLLIN, 0},
    {waiting ? b->wire.fd : -1, POLLOUT, 0},
    {waiting ? -1 : b->out.fd, POLLIN, 0},
    {waiting ? -1 : b->err.fd, POLLIN, 0},
  };
  struct signalfd_siginfo told;
  poll_fds(fds, 5, watch(b));
  // The worker sends nothing after the order: a word from it, or its end, is the end.
  if (fds[0].revents) end_all(b, BY_ABORT);
  if (fds[1].revents) read_fd(b->signals, &told, sizeof told);
  if (fds[1].revents || fds[0].revents) reap(b, 1 /* WNOHANG */);
  if (fds[3].revents) pass_on(b, &b->out);
  if (fds[4].revents && push(&b->wire) == 0) pass_on(b, &b->err);
}

/** What is left in a pipe whose writers are dead. One that does not end is held by nobody any more and is let go. */
static void drain(struct box *b, struct stream *s) {
  for (;;) {
    flush(&b->wire);
    struct pollfd one = {s->fd, POLLIN, 0};
    if (s->fd < 0 || poll_fds(&one, 1, 200000) == 0 || !pass_on(b, s)) return;
  }
}

static void run_box(struct box *b, int in, int out) {
  u64 child_signal = 1ULL << (SIGCHLD - 1);
  CALL5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  CALL4(__NR_rt_sigprocmask, SIG_SETMASK, &child_signal, 0, 8);
  b->in = in;
  b->wire.fd = out;
  b->proc = (int)open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
  b->signals = (int)CALL4(__NR_signalfd4, -1, &child_signal, 8, O_CLOEXEC | O_NONBLOCK);
  read_order(&b->order, in);
  int to, input = make_stdin(&b->wire, &to);
  long error = b->order.flags & WAITS ? start_and_wait(b, input, to) : start_now(b, input, to);
  CALL3(__NR_fcntl, out, F_SETFL, O_WRONLY | O_NONBLOCK);
  while (!b->ended) attend(b);
  watch_disk(b);
  kill_all();
  reap(b, 0);
  drain(b, &b->out);
  drain(b, &b->err);
  flush(&b->wire);
  int collected = b->status == 0 && b->ended_by == BY_ITSELF ? send_file(&b->order, &b->wire) : NOT_ASKED;
  report(b, error, collected);
  exit_now(0);
}

/** Keeps the two descriptors of the worker as 3 and 4, points 0 to 2 at nothing and closes the rest. */
static void settle(int in, int out) {
  long a = CALL3(__NR_fcntl, in, F_DUPFD_CLOEXEC, 64), b = CALL3(__NR_fcntl, out, F_DUPFD_CLOEXEC, 64);
  long nothing = open_at(AT_FDCWD, "/dev/null", O_RDWR, 0);
  for (int fd = 0; fd < 3; fd++) if (nothing >= 0 && nothing != fd) move_fd((int)nothing, fd, 0);
  move_fd((int)a, 3, O_CLOEXEC);
  move_fd((int)b, 4, O_CLOEXEC);
  close_from(5);
}

__attribute__((used)) void begin(long *stack) {
  long argc = stack[0];
  char **argv = (char **)(stack + 1);
  if (argc == 4 && same_text(argv[1], "box")) {
    const char *in = argv[2], *out = argv[3];
    settle((int)take_number(&in), (int)take_number(&out));
    run_box(&box, 3, 4);
  }
  if (argc > 2 && same_text(argv[1], "launch")) launch(argv + 2);
  if (argc > 2 && same_text(argv[1], "try")) try_out(argc - 2, argv + 2);
  exit_now(99);
}
