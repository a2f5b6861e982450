// A program that is started before its order is there. Where its source will be stands a pipe: it starts as always, opens its
// source, and waits to read it. The order brings limits, files and input, and the source, through the pipe and as a file.
#pragma once
#include "start.h"

#define LOOK_EVERY_US 500u

static long start_now(struct box *b, int input, int to) {
  write_files(&b->order, &b->wire, b->in, 0);
  fill_stdin(&b->order, &b->wire, b->in, to);
  return start(b, input);
}

/** The pipe in place of the source. */
static void make_gate(struct box *b, const char *path) {
  long work = open_at(AT_FDCWD, "/work", O_RDONLY | O_DIRECTORY, 0);
  long r = CALL4(__NR_mknodat, work, path, S_IFIFO | 0644, 0);
  if (r < 0) give_up(&b->wire, "could not make ", "the pipe to wait at", r);
  close_fd((int)work);
}

/** Waits until the program opens its source, and tells the worker. Its read then waits for what is written, or for the end. */
static int meet_at_gate(struct box *b, const char *path) {
  struct line none = {.n = 0};
  long work = open_at(AT_FDCWD, "/work", O_RDONLY | O_DIRECTORY, 0);
  struct pollfd ends[] = {{b->in, POLLIN, 0}, {b->signals, POLLIN, 0}};
  long gate;
  // No reader yet. It is a matter of milliseconds, once for each box; nothing tells of it.
  while ((gate = open_at((int)work, path, O_WRONLY | O_NONBLOCK, 0)) == -ENXIO) {
    if (poll_fds(ends, 2, LOOK_EVERY_US) > 0) give_up(&b->wire, "the program ", "did not come to read its source", 0);
  }
  if (gate < 0) give_up(&b->wire, "could not open ", "the pipe to wait at", gate);
  // A user with very many pipes gets small ones.
  if (CALL3(__NR_fcntl, gate, F_GETPIPE_SZ, 0) < (long)CHUNK) give_up(&b->wire, "could not make ", "the pipe large enough", -ENOSPC);
  close_fd((int)work);
  send_line(&b->wire, READY, &none);
  return (int)gate;
}

/** The source takes its place, for whoever opens it again, and goes through the pipe to the program. */
static void open_gate(struct box *b, int gate, const char *path) {
  long work = open_at(AT_FDCWD, "/work", O_RDONLY | O_DIRECTORY, 0);
  long source = open_at((int)work, UNDER_ANOTHER_NAME, O_RDONLY, 0);
  long n = source < 0 ? source : read_fd((int)source, b->wire.frame, CHUNK);
  if (n < 0) give_up(&b->wire, "could not read ", "the source", n);
  long r = CALL4(__NR_renameat, work, UNDER_ANOTHER_NAME, work, path);
  if (r < 0) give_up(&b->wire, "could not place ", "the source", r);
  if (n && write_fd(gate, b->wire.frame, (u64)n) != n) give_up(&b->wire, "could not pass on ", "the source", -EPIPE);
  close_fd((int)source), close_fd((int)work), close_fd(gate);
}

/** Starts the program, waits for the second order, and lets it go. Ends when the worker ends. Answers as `start` does. */
static long start_and_wait(struct box *b, int input, int to) {
  char *path = take_text(&b->order);
  make_gate(b, path);
  long error = start(b, input);
  if (error) return error;
  int gate = meet_at_gate(b, path);
  read_order(&b->order, b->in);
  reap(b, 1 /* WNOHANG */);
  if (b->ended) give_up(&b->wire, "the program ", "ended while it waited", 0);
  b->spent = cpu_us_of(b->pid);
  set_limits(&b->order, b->pid, b->spent / 1000);
  write_files(&b->order, &b->wire, b->in, path);
  fill_stdin(&b->order, &b->wire, b->in, to);
  begin_clock(b);
  open_gate(b, gate, path);
  return 0;
}
