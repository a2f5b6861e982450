// Bytes, numbers and text without a C library.
#pragma once
#include "system.h"

void *memcpy(void *to, const void *from, unsigned long n) {
  u8 *t = to;
  const u8 *f = from;
  while (n--) *t++ = *f++;
  return to;
}
void *memset(void *to, int value, unsigned long n) {
  u8 *t = to;
  while (n--) *t++ = (u8)value;
  return to;
}

static u64 length_of(const char *s) {
  u64 n = 0;
  while (s[n]) n++;
  return n;
}
static int same_text(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}
/** Digits at `*at`, which moves behind them. */
static u64 take_number(const char **at) {
  u64 n = 0;
  while (**at >= '0' && **at <= '9') n = n * 10 + (u64)(*(*at)++ - '0');
  return n;
}

/** A line that is put together piece by piece; what does not fit is left out. */
struct line { char text[1024]; u32 n; };
static void add_text(struct line *l, const char *s) {
  while (*s && l->n < sizeof l->text) l->text[l->n++] = *s++;
}
static void add_number(struct line *l, u64 value) {
  char digits[21];
  int i = 20;
  digits[i] = 0;
  do digits[--i] = (char)('0' + value % 10); while (value /= 10);
  add_text(l, digits + i);
}
/** `"name":value,` */
static void add_field(struct line *l, const char *name, u64 value) {
  add_text(l, "\"");
  add_text(l, name);
  add_text(l, "\":");
  add_number(l, value);
  add_text(l, ",");
}
