#include "launcher.h"

#include <stdlib.h>
#include <string.h>

void *allocate(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory)
    run_unchanged();
  return memory;
}

void bytes_add(Bytes *bytes, const void *data, size_t length) {
  if (bytes->capacity - bytes->length < length) {
    size_t capacity = (bytes->length + length) * 2 + 64;
    char *grown = realloc(bytes->data, capacity);
    if (!grown)
      run_unchanged();
    bytes->data = grown;
    bytes->capacity = capacity;
  }
  if (length) // memcpy of nothing from NULL is undefined
    memcpy(bytes->data + bytes->length, data, length);
  bytes->length += length;
}

void bytes_text(Bytes *bytes, const char *text) { bytes_add(bytes, text, strlen(text)); }

void bytes_number(Bytes *bytes, long long number) {
  char digits[24], *at = digits + sizeof digits;
  unsigned long long rest = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
  do {
    *--at = (char)('0' + rest % 10);
  } while (rest /= 10);
  if (number < 0)
    *--at = '-';
  bytes_add(bytes, at, (size_t)(digits + sizeof digits - at));
}

const char *bytes_string(Bytes *bytes) {
  bytes_add(bytes, "", 1);
  bytes->length--;
  return bytes->data;
}

void words_add(Words *words, const char *word) {
  if (words->count + 1 >= words->capacity) { // keeps room for the NULL that ends an argv
    size_t capacity = words->capacity * 2 + 32;
    const char **grown = realloc(words->items, capacity * sizeof *grown);
    if (!grown)
      run_unchanged();
    words->items = grown;
    words->capacity = capacity;
  }
  words->items[words->count++] = word;
  words->items[words->count] = NULL;
}

const char *concatenate(const char *first, const char *second, const char *third) {
  size_t lengths[] = {strlen(first), strlen(second), strlen(third)};
  char *result = allocate(lengths[0] + lengths[1] + lengths[2] + 1);
  memcpy(result, first, lengths[0]);
  memcpy(result + lengths[0], second, lengths[1]);
  memcpy(result + lengths[0] + lengths[1], third, lengths[2] + 1);
  return result;
}

const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

bool starts_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

// Whether a text begins with the digits of a digest; nothing behind the first that is none is read.
// Digits and letters in one test: which of them comes next, no processor can foretell.
bool is_digest(const char *text) {
  int digits = 0;
  while (digits < DIGEST_HEX &&
         ((unsigned)(text[digits] - '0') < 10) | ((unsigned)(text[digits] - 'a') < 6))
    digits++;
  return digits == DIGEST_HEX;
}
