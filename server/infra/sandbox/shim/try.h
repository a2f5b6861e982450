// Programs of the self-test: each asks the box one question and prints the answer, so that no interpreter is needed.
#pragma once
#include "text.h"
#include <linux/in.h>
#include <linux/socket.h>

static void say(const char *s) { write_fd(1, s, length_of(s)); }
static void say_number(s64 n) {
  struct line l = {.n = 0};
  if (n < 0) add_text(&l, "-"), n = -n;
  add_number(&l, (u64)n);
  add_text(&l, "\n");
  write_fd(1, l.text, l.n);
}
static void copy_out(const char *path) {
  char bytes[4096];
  long fd = open_at(AT_FDCWD, path, O_RDONLY, 0);
  for (long n; fd >= 0 && (n = read_fd((int)fd, bytes, sizeof bytes)) > 0;) write_fd(1, bytes, (u64)n);
}
/** Answers what connecting to 127.0.0.1 at a port gives: 0 is a connection. */
static s64 connect_to(u64 port) {
  struct { unsigned short family, port; u32 address; u8 rest[8]; } to = {2, (unsigned short)(port >> 8 | port << 8), 0x0100007f, {0}};
  long fd = CALL3(__NR_socket, 2, 1, 0);
  return fd < 0 ? fd : CALL3(__NR_connect, fd, &to, 16);
}
static void list_descriptors(void) {
  for (int fd = 0; fd < 4096; fd++) if (CALL2(__NR_fcntl, fd, F_GETFD) >= 0) say_number(fd);
}
static void eat_memory(void) {
  for (u64 mib = 1;; mib++) {
    u8 *piece = map_bytes(1u << 20);
    if (!piece) exit_now(3);
    for (u64 i = 0; i < 1u << 20; i += 4096) piece[i] = 1;
  }
}
/** Answers how many processes there could be at once, this one among them. */
static void fork_many(void) {
  u64 n = 1;
  while (n < 2000 && n > 0) {
    long pid = fork_now();
    if (pid < 0) break;
    if (pid == 0) for (;;) poll_fds(0, 0, 1000000);
    n++;
  }
  say_number((s64)n);
}
static void fill_disk(const char *path) {
  static u8 zeros[65536];
  u64 done = 0;
  long n, fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
  while ((n = write_fd((int)fd, zeros, sizeof zeros)) > 0) done += (u64)n;
  say_number((s64)done);
  exit_now(3);
}
static void make_files(void) {
  for (u64 i = 0; i < 1000000; i++) {
    struct line l = {.n = 0};
    add_text(&l, "/work/");
    add_number(&l, i);
    add_text(&l, "\0");
    l.text[l.n] = 0;
    long fd = open_at(AT_FDCWD, l.text, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0) close_fd((int)fd);
  }
}

static void try_out(long argc, char **argv) {
  const char *what = argv[0], *number = argc > 1 ? argv[1] : "";
  if (same_text(what, "hello")) say("hello\n");
  if (same_text(what, "user")) say_number(CALL1(__NR_getuid, 0));
  if (same_text(what, "read")) copy_out(number);
  if (same_text(what, "environment")) for (char **env = argv + argc + 1; *env; env++) say(*env), say("\n");
  if (same_text(what, "descriptors")) list_descriptors();
  if (same_text(what, "connect")) say_number(connect_to(take_number(&number)));
  if (same_text(what, "vsock")) say_number(CALL3(__NR_socket, 40, 1, 0));
  if (same_text(what, "write")) for (long i = 1; i < argc; i++) say_number(open_at(AT_FDCWD, argv[i], O_WRONLY | O_CREAT, 0600));
  if (same_text(what, "unshare")) say_number(CALL1(__NR_unshare, CLONE_NEWUSER));
  if (same_text(what, "spin")) for (;;) ;
  if (same_text(what, "sleep")) for (;;) poll_fds(0, 0, 1000000);
  if (same_text(what, "memory")) eat_memory();
  if (same_text(what, "fork")) fork_many();
  if (same_text(what, "flood")) for (;;) say("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  if (same_text(what, "disk")) fill_disk(number);
  if (same_text(what, "files")) make_files();
  if (same_text(what, "exit")) exit_now((int)take_number(&number));
  if (same_text(what, "signal")) CALL2(__NR_kill, CALL1(__NR_getpid, 0), take_number(&number));
  exit_now(0);
}
