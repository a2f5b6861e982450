/* First process of a container that runs one program: told over stdin what to run, tells over stdout what happened.
 * Both directions carry frames: one byte of type, four bytes of length (big endian), that many bytes.
 * In:  L limits · B seccomp filter · A argument · E environment entry · F file · I stdin · C what to collect · G go;
 *      after G any byte, or the end of stdin, ends the run by force.
 * Out: H hello · O stdout · X stderr · C collected bytes · M nothing was collected, and why · N what failed in the box itself · R result (JSON). */
#ifndef BOX_ENTRY_H
#define BOX_ENTRY_H
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROTOCOL 1
/* Of what is kept in memory; contents of files go straight to their place. */
#define MAX_FRAME (4u << 20)
#define MAX_WORDS 1024

struct box {
  long wall_ms, cpu_ms, output_bytes, disk_bytes, inodes;
  char *argv[MAX_WORDS + 1], *env[MAX_WORDS + 1];
  size_t argc, envc;
  struct sock_fprog filter;
  int stdin_fd;
  char *collect;
  size_t collect_max;
};

/* What the container's own control groups count. A negative figure could not be read. */
struct counters { long long cpu_us, memory, peak, oom_kills, pids_refused; };

/* frames.c */
int read_head(char *type, uint32_t *length);
int read_all(char *into, size_t length);
void send_frame(char type, const void *data, size_t length);
void fail(const char *what);

/* spec.c */
int read_spec(struct box *box);

/* files.c */
void receive_file(uint32_t length);
int bytes_as_file(const char *data, size_t length);
void collect_file(const char *path, size_t max);

/* watch.c */
const char *cgroup_version(void);
long long cgroup_memory_limit(void);
long long cgroup_pids_limit(void);
struct counters read_counters(void);
int disk_state(const struct box *box); /* 0 fine, 1 full, 2 too many files and folders */

/* child.c */
pid_t start_program(const struct box *box, int out, int err);

/* run.c */
void run_program(const struct box *box);
#endif
