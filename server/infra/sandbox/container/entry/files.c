/* Files into the box before the program runs, and one out of it after every process has ended. */
#include "entry.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int leads_outside(const char *path) {
  return path[0] == '/' || path[0] == 0 || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 || strstr(path, "/../")
    || (strlen(path) > 2 && strcmp(path + strlen(path) - 3, "/..") == 0);
}

static void write_whole(int fd, const char *data, size_t length, const char *what) {
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail(what);
    data += n;
    length -= (size_t)n;
  }
}

static int make_file(const char *path, int executable) {
  char full[PATH_MAX];
  if (leads_outside(path)) fail("a file has no usable name");
  if (snprintf(full, sizeof full, "/work/%s", path) >= (int)sizeof full) fail("a file name is too long");
  for (char *slash = strchr(full + 6, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(full, 0755) < 0 && errno != EEXIST) fail("a folder could not be made");
    *slash = '/';
  }
  int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, executable ? 0755 : 0644);
  if (fd < 0) fail("a file could not be made");
  return fd;
}

/* Frame: mode ('x' executable, '-' not), path, zero byte, content. Nothing of the user has run yet, so no link is there. */
void receive_file(uint32_t length) {
  char block[65536], path[PATH_MAX], mode;
  size_t used = 0;
  if (length < 2 || !read_all(&mode, 1)) fail("a file has no name");
  length--;
  do {
    if (length-- == 0 || used == sizeof path || !read_all(path + used, 1)) fail("a file has no usable name");
  } while (path[used++] != 0);
  int fd = make_file(path, mode == 'x');
  while (length > 0) {
    size_t part = length < sizeof block ? length : sizeof block;
    if (!read_all(block, part)) _exit(0);
    write_whole(fd, block, part, "a file could not be written");
    length -= (uint32_t)part;
  }
  close(fd);
}

/* A nameless file with these bytes, to be read from its start: stdin that can be opened again and never blocks. */
int bytes_as_file(const char *data, size_t length) {
  int fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) fail("stdin could not be made");
  write_whole(fd, data, length, "stdin could not be written");
  fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static int open_beneath(int folder, const char *path) {
  struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

/* Sends a regular file below /work, followed through no link; says so when there is none or it is too large. */
void collect_file(const char *path, size_t max) {
  char block[65536];
  struct stat about;
  int folder = open("/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int fd = open_beneath(folder, path);
  errno = 0;
  if (fd < 0) { send_frame('M', "absent", 6); return; }
  if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) { send_frame('M', "not a file", 10); return; }
  if ((size_t)about.st_size > max) { send_frame('M', "too large", 9); return; }
  for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;) send_frame('C', block, (size_t)n);
  send_frame('C', "", 0);
  close(fd);
}
