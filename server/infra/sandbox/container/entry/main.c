/* Says hello, waits for what to run, runs it once. */
#include "entry.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(void) {
  struct box box;
  struct utsname kernel;
  char hello[512];
  // Nobody in the box may look into the process that tells how it ended.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  signal(SIGPIPE, SIG_IGN);
  uname(&kernel);
  int n = snprintf(hello, sizeof hello, "{\"protocol\":%d,\"pid\":%d,\"uid\":%d,\"machine\":\"%s\",\"cgroups\":\"%s\",\"memory\":%lld,\"pids\":%lld}",
    PROTOCOL, (int)getpid(), (int)getuid(), kernel.machine, cgroup_version(), cgroup_memory_limit(), cgroup_pids_limit());
  send_frame('H', hello, (size_t)n);
  if (!read_spec(&box)) return 0;
  if (box.stdin_fd < 0) box.stdin_fd = bytes_as_file("", 0);
  if (box.argc == 0) fail("there is nothing to run");
  run_program(&box);
  return 0;
}
