// From the order to the running program, and what it is started with.
#pragma once
#include "box.h"

/** Limits of the program: by itself (`pid` 0), or from outside while it waits, `spent_ms` of CPU after its start. */
static void set_limits(struct order *o, long pid, u64 spent_ms) {
  u64 none = ~0ULL, cpu = (o->cpu_ms + spent_ms) / 1000;
  // Not 0: a pipe in kernel.core_pattern would be run for each crash all the same; 1 is the value that stops it (core(5)).
  limit(pid, RLIMIT_CORE, 1, 1);
  limit(pid, RLIMIT_MSGQUEUE, 0, 0);
  limit(pid, RLIMIT_MEMLOCK, 0, 0);
  limit(pid, RLIMIT_NOFILE, 1024, 1024);
  limit(pid, RLIMIT_FSIZE, o->disk, o->disk);
  limit(pid, RLIMIT_STACK, 16u << 20, none);
  // For one process; what all use together is counted elsewhere and told first.
  if (o->cpu_ms) limit(pid, RLIMIT_CPU, cpu + 2, cpu + 3);
  if (o->processes) limit(pid, RLIMIT_NPROC, o->processes, o->processes);
  if (o->address_space) limit(pid, RLIMIT_AS, o->address_space, o->address_space);
}

static const char *find_env(char **env, const char *name) {
  u64 n = length_of(name);
  for (; *env; env++) {
    u64 i = 0;
    while (i < n && (*env)[i] == name[i]) i++;
    if (i == n) return *env + n;
  }
  return "";
}
/** Never a shell: argv[0] as it is, or found on PATH. Answers the error. */
static long execute(struct order *o) {
  const char *name = o->argv[0], *path = find_env(o->env, "PATH=");
  long error = -ENOENT;
  for (const char *c = name; *c; c++) if (*c == '/') return CALL3(__NR_execve, name, o->argv, o->env);
  while (*path) {
    struct line l = {.n = 0};
    while (*path && *path != ':') l.text[l.n < 512 ? l.n++ : 511] = *path++;
    while (*path == ':') path++;
    add_text(&l, "/");
    add_text(&l, name);
    if (l.n >= sizeof l.text) return -ENAMETOOLONG;
    l.text[l.n] = 0;
    long r = CALL3(__NR_execve, l.text, o->argv, o->env);
    if (r != -ENOENT && r != -ENOTDIR) error = r;
  }
  return error;
}

static void become_program(struct box *b, int input, int out, int err, int failed) {
  u64 no_signals = 0;
  CALL4(__NR_rt_sigprocmask, SIG_SETMASK, &no_signals, 0, 8);
  CALL1(__NR_setsid, 0);
  move_fd(input, 0, 0);
  move_fd(out, 1, 0);
  move_fd(err, 2, 0);
  move_fd(failed, 3, O_CLOEXEC);
  close_from(4);
  set_limits(&b->order, 0, 0);
  long error = execute(&b->order);
  write_fd(3, &error, sizeof error);
  exit_now(127);
}

static void begin_clock(struct box *b) {
  b->began = now_us();
  b->next_look = b->began + first_look(&b->order);
}

/** Starts the program. Answers 0, or why it could not be started. */
static long start(struct box *b, int input) {
  int out[2], err[2], failed[2];
  long error = 0;
  if (CALL2(__NR_pipe2, out, O_CLOEXEC) < 0 || CALL2(__NR_pipe2, err, O_CLOEXEC) < 0 || CALL2(__NR_pipe2, failed, O_CLOEXEC) < 0)
    give_up(&b->wire, "could not make ", "pipes", -EMFILE);
  begin_clock(b);
  b->pid = fork_now();
  if (b->pid == 0) become_program(b, input, out[1], err[1], failed[1]);
  if (b->pid < 0) give_up(&b->wire, "could not make ", "a process", b->pid);
  close_fd(out[1]), close_fd(err[1]), close_fd(failed[1]), close_fd(input);
  b->out = (struct stream){out[0], STDOUT_BYTES, 0, 0};
  b->err = (struct stream){err[0], STDERR_BYTES, 0, 0};
  // Ends at once when the program was started: its end of the pipe closes then.
  if (read_fd(failed[0], &error, sizeof error) != sizeof error) error = 0;
  close_fd(failed[0]);
  return error;
}
