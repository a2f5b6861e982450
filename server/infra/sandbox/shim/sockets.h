// What waits in sockets belongs to no process. For machines without cgroups, where nothing else counts it.
#pragma once
#include "usage.h"

// So many Unix sockets are let pass; each further one counts as full: no table tells what lies in it. The size is the kernel's
// default (net.core.wmem_default) with what it keeps beside; the filter lets no program ask for more (server/infra/sandbox/seccomp.ts).
#define FREE_SOCKETS 32u
#define UNIX_SOCKET_BYTES (256u << 10)
#define SOCKET_BYTES 4096u

static u64 digit_of(char c) { return (u64)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); }

/** Adds up the queues of a table of /proc/net, and its sockets. Of each line the fifth field is `sending:receiving`, in hexadecimal. */
static u64 queued_in(int proc, const char *table, u64 *sockets) {
  char piece[4096];
  u64 sum = 0, value = 0, lines = 0;
  int field = 0, inside = 0;
  long fd = open_at(proc, table, O_RDONLY, 0);
  for (long n; fd >= 0 && (n = read_fd((int)fd, piece, sizeof piece)) > 0;) {
    for (long i = 0; i < n; i++) {
      char c = piece[i];
      if (c == ' ' || c == '\n' || c == ':') {
        if (inside && lines && field == 5) sum += value;
        value = 0;
        if (c != ':') inside = 0;
        if (c == '\n') lines++, field = 0;
        continue;
      }
      if (!inside) inside = 1, field++;
      if (field == 5 && lines) value = value * 16 + digit_of(c);
    }
  }
  if (fd >= 0) close_fd((int)fd);
  *sockets += lines ? lines - 1 : 0;
  return sum;
}

/** Bytes that the sockets of this network may hold. */
static u64 held_by_sockets(int proc) {
  static const char *const tables[] = {"net/tcp", "net/tcp6", "net/udp", "net/udp6"};
  char text[1024];
  read_text(proc, "net/sockstat", text, sizeof text);
  u64 used = number_after(text, "sockets: used"), told = 0, bytes = 0;
  // A table of these takes long to read, and a few sockets hold little.
  if (used < FREE_SOCKETS / 4) return 0;
  for (int i = 0; i < 4; i++) bytes += queued_in(proc, tables[i], &told);
  u64 untold = used > told + FREE_SOCKETS ? used - told - FREE_SOCKETS : 0;
  return bytes + told * SOCKET_BYTES + untold * UNIX_SOCKET_BYTES;
}
