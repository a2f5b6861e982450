/* Reads what to run. Strings stay allocated: the process ends with its one program. */
#include "entry.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_word(char **words, size_t *count, char *word, const char *what) {
  if (*count >= MAX_WORDS) fail(what);
  words[(*count)++] = word;
}

static void read_limits(struct box *box, const char *text) {
  if (sscanf(text, "%ld %ld %ld %ld %ld", &box->wall_ms, &box->cpu_ms, &box->output_bytes, &box->disk_bytes, &box->inodes) != 5) fail("limits cannot be read");
}

static void read_filter(struct box *box, char *data, uint32_t length) {
  if (length % sizeof(struct sock_filter) || length / sizeof(struct sock_filter) > BPF_MAXINSNS) fail("the seccomp filter cannot be read");
  box->filter.len = (unsigned short)(length / sizeof(struct sock_filter));
  box->filter.filter = (struct sock_filter *)(void *)data;
}

/* "<most bytes> <path>" */
static void read_collect(struct box *box, char *data) {
  char *path = strchr(data, ' ');
  if (!path) fail("what to collect cannot be read");
  box->collect = path + 1;
  box->collect_max = strtoul(data, NULL, 10);
}

/* The bytes of a frame with a zero byte behind them; they belong to the caller. */
static char *receive(uint32_t length) {
  if (length > MAX_FRAME) fail("a frame is too long");
  char *data = malloc((size_t)length + 1);
  if (!data) fail("no memory for a frame");
  if (!read_all(data, length)) _exit(0);
  data[length] = 0;
  return data;
}

/* Returns 0 when the input ended before there was anything to run. */
int read_spec(struct box *box) {
  char type, *data;
  uint32_t length;
  memset(box, 0, sizeof *box);
  box->stdin_fd = -1;
  while (read_head(&type, &length)) {
    if (type == 'G') return 1;
    errno = 0;
    if (type == 'F') { receive_file(length); continue; }
    data = receive(length);
    switch (type) {
      case 'L': read_limits(box, data); break;
      case 'B': read_filter(box, data, length); break;
      case 'A': add_word(box->argv, &box->argc, data, "too many arguments"); break;
      case 'E': add_word(box->env, &box->envc, data, "too many environment entries"); break;
      case 'I': box->stdin_fd = bytes_as_file(data, length); free(data); break;
      case 'C': read_collect(box, data); break;
      default: fail("a frame is of no known type");
    }
  }
  return 0;
}
