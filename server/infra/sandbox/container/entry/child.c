/* The program itself, as little able as can be. */
#include "entry.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void cap(int resource, rlim_t soft, rlim_t hard) {
  struct rlimit limit = { soft, hard }, now;
  // What the engine set lower stays lower: raising is not ours to do.
  if (getrlimit(resource, &now) == 0 && now.rlim_max < limit.rlim_max) limit.rlim_max = now.rlim_max;
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

static void cap_resources(const struct box *box) {
  rlim_t seconds = (rlim_t)(box->cpu_ms + 999) / 1000;
  cap(RLIMIT_CORE, 0, 0);
  cap(RLIMIT_MSGQUEUE, 0, 0);
  cap(RLIMIT_MEMLOCK, 0, 0);
  // One process alone is stopped by the kernel, a second after the clock of this entry should have done it.
  cap(RLIMIT_CPU, seconds + 1, seconds + 2);
  cap(RLIMIT_FSIZE, (rlim_t)box->disk_bytes, (rlim_t)box->disk_bytes);
  cap(RLIMIT_NOFILE, 256, 256);
}

/* Descriptor of the line over which it is told that the program could not be started; closed by its start. */
#define FAULTS 3

static void give_up(const char *what, int reason) {
  const char *name = strerrorname_np(reason);
  dprintf(FAULTS, "%s: %s", what, name ? name : "error");
  _exit(126);
}

static void become_the_program(const struct box *box, int out, int err) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  // When memory runs out the program goes, not the process that tells of it. (Only a dumpable process may write this file;
  // nothing of the user runs yet.)
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  int adjust = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (adjust >= 0 && write(adjust, "1000", 4) < 0) errno = 0;
  if (dup2(box->stdin_fd, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) give_up("stdin, stdout and stderr", errno);
  if (syscall(SYS_close_range, FAULTS + 1, ~0u, 0u) < 0) for (int fd = FAULTS + 1; fd < 1024; fd++) close(fd);
  if (chdir("/work") < 0) give_up("/work", errno);
  cap_resources(box);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &box->filter, 0, 0) < 0) give_up("the seccomp filter was refused", errno);
  environ = (char **)box->env;
  execvp(box->argv[0], box->argv);
  give_up(box->argv[0], errno);
}

/* Starts the program with these ends of pipes as stdout and stderr; returns its pid when it runs. */
pid_t start_program(const struct box *box, int out, int err) {
  char why[512] = "the program could not be started: ";
  int faults[2];
  if (pipe2(faults, O_CLOEXEC) < 0) fail("no pipes");
  pid_t pid = fork();
  if (pid < 0) fail("the program could not be started");
  if (pid == 0) {
    // The descriptors before it may stand at its number.
    int line = fcntl(faults[1], F_DUPFD_CLOEXEC, 64), in = fcntl(box->stdin_fd, F_DUPFD_CLOEXEC, 64), to[2] = { fcntl(out, F_DUPFD_CLOEXEC, 64), fcntl(err, F_DUPFD_CLOEXEC, 64) };
    struct box moved = *box;
    moved.stdin_fd = in;
    dup3(line, FAULTS, O_CLOEXEC);
    become_the_program(&moved, to[0], to[1]);
  }
  close(faults[1]);
  size_t known = strlen(why);
  ssize_t n = read(faults[0], why + known, sizeof why - known - 1);
  close(faults[0]);
  if (n > 0) { why[known + (size_t)n] = 0; errno = 0; fail(why); }
  return pid;
}
