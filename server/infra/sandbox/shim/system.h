// System calls without a C library: the program stays at a few pages, starts at once and is the same bytes everywhere.
#pragma once
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/types.h>
#include <asm/statfs.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#if defined(__x86_64__)
static inline long call6(long n, long a, long b, long c, long d, long e, long f) {
  long r;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n hlt\n");
#elif defined(__aarch64__)
static inline long call6(long n, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x30,#0\n mov x0,sp\n bl begin\n brk #1\n");
#else
#error "this machine is neither x86-64 nor arm64"
#endif

#define CALL1(n, a) call6(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(n, a, b, c, d, e) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

static inline void exit_now(int code) { for (;;) CALL1(__NR_exit_group, code); }
static inline long read_fd(int fd, void *to, u64 n) { return CALL3(__NR_read, fd, to, n); }
static inline long write_fd(int fd, const void *from, u64 n) { return CALL3(__NR_write, fd, from, n); }
static inline long open_at(int dir, const char *path, int flags, int mode) { return CALL4(__NR_openat, dir, path, flags | O_CLOEXEC, mode); }
static inline long close_fd(int fd) { return CALL1(__NR_close, fd); }
static inline long move_fd(int from, int to, int flags) { return CALL3(__NR_dup3, from, to, flags); }
static inline long fork_now(void) { return CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0); }
static inline long wait_any(int *status, int options, struct rusage *usage) { return CALL4(__NR_wait4, -1, status, options, usage); }
static inline long kill_all(void) { return CALL2(__NR_kill, -1, SIGKILL); }
/** `pid` 0: this process. */
static inline long limit(long pid, int what, u64 soft, u64 hard) {
  u64 both[2] = {soft, hard};
  return CALL4(__NR_prlimit64, pid, what, both, 0);
}
static inline void *map_bytes(u64 n) {
  long at = call6(__NR_mmap, 0, (long)n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at < 0 && at > -4096 ? 0 : (void *)at;
}
static inline u64 clock_us(int clock) {
  struct timespec { s64 s; s64 ns; } t;
  CALL2(__NR_clock_gettime, clock, &t);
  return (u64)t.s * 1000000 + (u64)t.ns / 1000;
}
static inline u64 now_us(void) { return clock_us(1 /* CLOCK_MONOTONIC */); }
/** CPU time of another process: the kernel's clock of that name (CPUCLOCK_SCHED). */
static inline u64 cpu_us_of(long pid) { return clock_us((int)(~(u64)pid << 3 | 2)); }
static inline u64 own_cpu_us(void) { return clock_us(2 /* CLOCK_PROCESS_CPUTIME_ID */); }
/** Waits for one of the descriptors, `us` microseconds at most. */
static inline long poll_fds(struct pollfd *fds, int n, u64 us) {
  struct { s64 s; s64 ns; } t = {(s64)(us / 1000000), (s64)(us % 1000000) * 1000};
  return CALL5(__NR_ppoll, fds, n, &t, 0, 8);
}
/** Closes every descriptor from `first` on. */
static inline void close_from(int first) {
  if (CALL3(__NR_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; fd++) close_fd(fd);
}
