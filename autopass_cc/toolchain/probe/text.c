/* Strings, memory intrinsics and what the library-call simplifier knows about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *join(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  char *s = malloc(n + m + 2);
  if (!s)
    return NULL;
  memcpy(s, a, n);
  s[n] = '/';
  memcpy(s + n + 1, b, m + 1);
  return s;
}

unsigned words(const char *s) {
  unsigned n = 0;
  int inside = 0;
  for (; *s; s++) {
    int blank = *s == ' ' || *s == '\t' || *s == '\n';
    n += !blank && !inside;
    inside = !blank;
  }
  return n;
}

int keyword(const char *s) {
  return strcmp(s, "if") == 0 ? 1 : strncmp(s, "while", 5) == 0 ? 2 : memcmp(s, "for", 3) == 0 ? 3 : 0;
}

void report(const char *name, int n) {
  char line[64];
  snprintf(line, sizeof line, "%s", name);
  printf("done\n");
  printf("%s\n", line);
  fputs("count ", stdout);
  printf("%d\n", n);
}

void clear(char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    p[i] = 0;
  memset(p + n, 1, 16);
}

int hexdigit(int c) { return strchr("0123456789abcdef", c) != NULL && c != 0; }
