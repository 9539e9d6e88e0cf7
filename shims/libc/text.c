// Bytes and strings, as in ISO C.
#include <limits.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  char *target = to;
  const char *source = from;
#if defined(__x86_64__)
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
#else
  while (size--)
    *target++ = *source++;
#endif
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  char *target = to;
  const char *source = from;
  if (target <= source || target >= source + size)
    return memcpy(to, from, size);
  while (size--)
    target[size] = source[size];
  return to;
}

void *memset(void *data, int byte, size_t size) {
  for (char *at = data; size--;)
    *at++ = (char)byte;
  return data;
}

int memcmp(const void *first, const void *second, size_t size) {
  const unsigned char *a = first, *b = second;
  for (; size--; a++, b++) {
    if (*a != *b)
      return *a - *b;
  }
  return 0;
}

// What clang makes of a memcmp() that asks for equality alone.
int bcmp(const void *first, const void *second, size_t size) { return memcmp(first, second, size); }

void *memchr(const void *data, int byte, size_t size) {
  for (const unsigned char *at = data; size--; at++) {
    if (*at == (unsigned char)byte)
      return (void *)at;
  }
  return NULL;
}

size_t strlen(const char *text) {
  const char *at = text;
  while (*at)
    at++;
  return (size_t)(at - text);
}

int strncmp(const char *first, const char *second, size_t size) {
  for (; size--; first++, second++) {
    if (*first != *second || !*first)
      return (unsigned char)*first - (unsigned char)*second;
  }
  return 0;
}

int strcmp(const char *first, const char *second) { return strncmp(first, second, (size_t)-1); }

char *strchr(const char *text, int byte) {
  for (; *text != (char)byte; text++) {
    if (!*text)
      return NULL;
  }
  return (char *)text;
}

char *strrchr(const char *text, int byte) {
  const char *found = NULL;
  for (; (text = strchr(text, byte)); text++) {
    found = text;
    if (!*text)
      break;
  }
  return (char *)found;
}

char *strstr(const char *text, const char *part) {
  size_t length = strlen(part);
  for (; strncmp(text, part, length) != 0; text++) {
    if (!*text)
      return NULL;
  }
  return (char *)text;
}

size_t strspn(const char *text, const char *set) {
  size_t length = 0;
  while (text[length] && strchr(set, text[length]))
    length++;
  return length;
}

size_t strcspn(const char *text, const char *set) {
  size_t length = 0;
  while (text[length] && !strchr(set, text[length]))
    length++;
  return length;
}

char *strpbrk(const char *text, const char *set) {
  text += strcspn(text, set);
  return *text ? (char *)text : NULL;
}

char *getenv(const char *name) {
  size_t length = strlen(name);
  for (char **variable = environ; *variable; variable++) {
    if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
      return *variable + length + 1;
  }
  return NULL;
}

// Decimal only, without blanks before; the largest value stands in for what does not fit.
long long strtoll(const char *text, char **end, int base) {
  long long value = 0;
  int negative = *text == '-';
  (void)base;
  for (text += negative; *text >= '0' && *text <= '9'; text++) {
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, *text - '0', &value))
      value = LLONG_MAX;
  }
  if (end)
    *end = (char *)text;
  return negative ? -value : value;
}

long strtol(const char *text, char **end, int base) { return strtoll(text, end, base); }

void *bsearch(const void *key, const void *table, size_t count, size_t size,
              int (*compare)(const void *, const void *)) {
  const char *low = table;
  while (count) {
    const char *middle = low + count / 2 * size;
    int order = compare(key, middle);
    if (order == 0)
      return (void *)middle;
    if (order > 0) {
      low = middle + size;
      count--;
    }
    count /= 2;
  }
  return NULL;
}
