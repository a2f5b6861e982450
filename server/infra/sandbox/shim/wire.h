// Frames to the worker: u8 kind, u32 length (little endian), bytes.
#pragma once
#include "text.h"

enum { STDOUT_BYTES = 1, STDERR_BYTES = 2, COLLECTED = 3, STATUS = 4, FATAL = 5, READY = 6 };
#define CHUNK 65536u

/** One frame waits at most: what the worker does not take is not read from the program either. */
struct wire { int fd; u32 from, to; u8 frame[CHUNK + 5]; };

/** Writes what waits as far as the worker takes it. Answers 0 when nothing waits any more, -1 when the worker is gone. */
static int push(struct wire *w) {
  while (w->from < w->to) {
    long n = write_fd(w->fd, w->frame + w->from, w->to - w->from);
    if (n == -EINTR) continue;
    if (n == -EAGAIN) return 1;
    if (n <= 0) return -1;
    w->from += (u32)n;
  }
  return 0;
}
static int queue(struct wire *w, u8 kind, u32 length) {
  w->frame[0] = kind;
  memcpy(w->frame + 1, &length, 4);
  w->from = 0;
  w->to = length + 5;
  return push(w);
}
/** Waits until the worker took all; a worker that takes nothing for 10 s is given up. */
static void flush(struct wire *w) {
  int left;
  while ((left = push(w)) > 0) {
    struct pollfd one = {w->fd, POLLOUT, 0};
    if (poll_fds(&one, 1, 10000000) == 0) exit_now(96);
  }
  if (left < 0) exit_now(97);
}
static void send_line(struct wire *w, u8 kind, struct line *l) {
  flush(w);
  memcpy(w->frame + 5, l->text, l->n);
  queue(w, kind, l->n);
  flush(w);
}
/** Says why the box cannot run anything, and ends. */
static void give_up(struct wire *w, const char *what, const char *which, long error) {
  struct line l = {.n = 0};
  add_text(&l, what);
  add_text(&l, which);
  add_text(&l, ": error ");
  add_number(&l, (u64)-error);
  send_line(w, FATAL, &l);
  exit_now(98);
}
