// Files of the order into /work before anything runs, and one file back after everything is dead.
#pragma once
#include "order.h"
#include "wire.h"

/** Copies `n` bytes from the worker into a file. */
static void receive(struct wire *w, int in, int to, u64 n, const char *name) {
  while (n) {
    u64 piece = n < CHUNK ? n : CHUNK;
    read_all(in, w->frame, piece);
    for (u64 done = 0; done < piece;) {
      long r = write_fd(to, w->frame + done, piece - done);
      if (r <= 0) give_up(w, "could not write ", name, r);
      done += (u64)r;
    }
    n -= piece;
  }
}
static void make_folders(int work, char *path) {
  for (char *c = path; *c; c++) {
    if (*c != '/') continue;
    *c = 0;
    CALL3(__NR_mkdirat, work, path, 0755);
    *c = '/';
  }
}
#define UNDER_ANOTHER_NAME ".source"

/** Makes the files of the order. The one called `late` is left under another name, to be put in place when all is there. */
static void write_files(struct order *o, struct wire *w, int in, const char *late) {
  long work = open_at(AT_FDCWD, "/work", O_RDONLY | O_DIRECTORY, 0);
  if (work < 0) give_up(w, "could not open ", "/work", work);
  for (u32 i = 0; i < o->files; i++) {
    char *path = take_text(o);
    u32 executable = (u32)take(o, 4), size = (u32)take(o, 4);
    if (late && same_text(path, late)) path = UNDER_ANOTHER_NAME;
    make_folders((int)work, path);
    long fd = open_at((int)work, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, executable ? 0755 : 0644);
    if (fd < 0) give_up(w, "could not make ", path, fd);
    receive(w, in, (int)fd, size, path);
    close_fd((int)fd);
  }
  close_fd((int)work);
}
/** The program's input: a file without a name, so that it can be opened again, sought and left unread. `to` is where it is written. */
static int make_stdin(struct wire *w, int *to) {
  const char *path = "/tmp/.input";
  *to = (int)open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (*to < 0) give_up(w, "could not make ", "the input", *to);
  long from = open_at(AT_FDCWD, path, O_RDONLY, 0);
  if (from < 0) give_up(w, "could not open ", "the input", from);
  CALL3(__NR_unlinkat, AT_FDCWD, path, 0);
  return (int)from;
}
static void fill_stdin(struct order *o, struct wire *w, int in, int to) {
  receive(w, in, to, o->stdin_bytes, "the input");
  close_fd(to);
}

enum { NOT_ASKED = 0, SENT = 1, ABSENT = 2, TOO_LARGE = 3, NOT_A_FILE = 4 };

/** Sends a file of /work. No link is followed and no other kind of file opened: nobody is left who could swap it. */
static int send_file(struct order *o, struct wire *w) {
  struct open_how how = {.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  struct statx about;
  if (!o->collect[0]) return NOT_ASKED;
  long work = open_at(AT_FDCWD, "/work", O_RDONLY | O_DIRECTORY, 0);
  long fd = CALL4(__NR_openat2, work, o->collect, &how, sizeof how);
  if (fd < 0) return ABSENT;
  if (CALL5(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &about) < 0 || (about.stx_mode & S_IFMT) != S_IFREG) return NOT_A_FILE;
  if (about.stx_size > o->collect_max) return TOO_LARGE;
  for (u64 left = about.stx_size; left;) {
    flush(w);
    long n = read_fd((int)fd, w->frame + 5, left < CHUNK ? left : CHUNK);
    if (n <= 0) return ABSENT;
    queue(w, COLLECTED, (u32)n);
    left -= (u64)n;
  }
  flush(w);
  return SENT;
}
