// Outside the box: into the cgroups, down to a user of its own, and on to bubblewrap. Nothing else is in between.
#pragma once
#include "text.h"
#include <linux/mount.h>

static void fail(const char *what, const char *which, long error) {
  struct line l = {.n = 0};
  add_text(&l, "launch: could not ");
  add_text(&l, what);
  add_text(&l, which);
  add_text(&l, ": error ");
  add_number(&l, (u64)-error);
  add_text(&l, "\n");
  write_fd(2, l.text, l.n);
  exit_now(90);
}

/** Shows a folder that only root may walk to at a place that everybody may; seen by this process and its children only. */
static void show(const char *from, const char *at) {
  static int apart = 0;
  long r = 0;
  if (!apart) {
    apart = 1;
    if ((r = CALL1(__NR_unshare, CLONE_NEWNS)) < 0) fail("part the mounts of ", from, r);
    if ((r = CALL5(__NR_mount, "none", "/", 0, MS_REC | MS_SLAVE, 0)) < 0) fail("part the mounts of ", from, r);
  }
  if ((r = CALL5(__NR_mount, from, at, 0, MS_BIND | MS_REC, 0)) < 0) fail("show ", from, r);
}

/**
 * Goes on as a child that is born in a cgroup: moving there would first wait for every processor. Does nothing on kernels
 * before 5.7, where the file is written to. This process stays behind to wait and is as closed as it can be.
 */
static void be_born_in(const char *folder, const char *procs) {
  long at = open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0);
  struct clone_args how = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (u64)at};
  long pid = at < 0 ? at : CALL2(__NR_clone3, &how, sizeof how);
  int status = 0;
  if (pid < 0) {
    long fd = open_at(AT_FDCWD, procs, O_WRONLY, 0);
    if (fd < 0 || (fd = write_fd((int)fd, "0", 1)) < 0) fail("join ", procs, fd);
  }
  if (pid <= 0) return;
  CALL5(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  close_from(0);
  while (wait_any(&status, 0, 0) == -EINTR) {}
  exit_now(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

/** When the machine itself runs out of memory, programs of boxes go before everything else. As root it cannot be taken back. */
static void go_first(void) {
  long fd = open_at(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY, 0);
  if (fd < 0) return;
  write_fd((int)fd, "1000", 4);
  close_fd((int)fd);
}

/**
 * launch <uid> <gid> <filter> <cgroup folder, its cgroup.procs, or - -> <n files to write 0 to>... <m pairs to show>...
 * <program> <argument>... Descriptor 3 is the worker's and is kept; 4 becomes the filter. uid 0: stays who it is.
 */
static void launch(char **at) {
  const char *uid = *at++, *gid = *at++, *filter = *at++, *folder = *at++, *procs = *at++, *count = *at++;
  u64 user = take_number(&uid), group = take_number(&gid);
  char *nothing[] = {0};
  long r = move_fd(3, 2, 0);
  if (r < 0) exit_now(91);
  go_first();
  if (!same_text(folder, "-")) be_born_in(folder, procs);
  for (u64 n = take_number(&count); n; n--, at++) {
    long fd = open_at(AT_FDCWD, *at, O_WRONLY, 0);
    if (fd < 0 || (fd = write_fd((int)fd, "0", 1)) < 0) fail("join ", *at, fd);
  }
  count = *at++;
  for (u64 n = take_number(&count); n; n--, at += 2) show(at[0], at[1]);
  long fd = open_at(AT_FDCWD, filter, O_RDONLY, 0);
  if (fd < 0) fail("open ", filter, fd);
  if (fd == 4) CALL3(__NR_fcntl, 4, F_SETFD, 0);
  else move_fd((int)fd, 4, 0);
  close_from(5);
  if (user) {
    if ((r = CALL2(__NR_setgroups, 0, 0)) < 0) fail("drop ", "groups", r);
    if ((r = CALL3(__NR_setresgid, group, group, group)) < 0) fail("become ", "another group", r);
    if ((r = CALL3(__NR_setresuid, user, user, user)) < 0) fail("become ", "another user", r);
  }
  CALL5(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  r = CALL3(__NR_execve, at[0], at, nothing);
  fail("start ", at[0], r);
}
