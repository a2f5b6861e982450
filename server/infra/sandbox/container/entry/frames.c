/* Frames over stdin and stdout. */
#include "entry.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int read_all(char *into, size_t length) {
  while (length > 0) {
    ssize_t n = read(0, into, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    into += n;
    length -= (size_t)n;
  }
  return 1;
}

/* Nobody listens any more: ending as pid 1 ends every process of the box. */
static void write_all(const char *from, size_t length) {
  while (length > 0) {
    ssize_t n = write(1, from, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(4);
    from += n;
    length -= (size_t)n;
  }
}

/* Reads the beginning of the next frame. Returns 0 at the end of input. */
int read_head(char *type, uint32_t *length) {
  unsigned char head[5];
  if (!read_all((char *)head, sizeof head)) return 0;
  *type = (char)head[0];
  *length = (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
  return 1;
}

void send_frame(char type, const void *data, size_t length) {
  char head[5] = { type, (char)(length >> 24), (char)(length >> 16), (char)(length >> 8), (char)length };
  write_all(head, sizeof head);
  write_all(data, length);
}

/* Says what failed in the box itself, with the system's reason, and ends everything. */
void fail(const char *what) {
  char text[512];
  int reason = errno;
  int n = snprintf(text, sizeof text, reason ? "%s: %s" : "%s", what, strerror(reason));
  send_frame('N', text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
  _exit(3);
}
