// The launcher frees nothing: it becomes clang a moment later. Here all of it is given back at once
// after each input. Every piece has a poisoned margin, so that the address sanitizer sees a step
// beyond it.
#include "fuzz.h"

#include <sanitizer/asan_interface.h>

enum { SIZE = 64 << 20, MARGIN = 16 };
static _Alignas(MARGIN) char memory[SIZE];
static size_t used, touched = SIZE; // nothing is poisoned yet

// The size of a piece stands in the margin before it.
__attribute__((no_sanitize("address"))) static void write_size(char *piece, size_t size) {
  *(volatile size_t *)(piece - MARGIN) = size;
}
__attribute__((no_sanitize("address"))) static size_t read_size(const char *piece) {
  return *(const volatile size_t *)(piece - MARGIN);
}

void arena_reset(void) {
  ASAN_POISON_MEMORY_REGION(memory, touched);
  used = touched = 0;
}

void *arena_malloc(size_t size) {
  if (touched == SIZE)
    arena_reset();
  size_t whole = MARGIN + size / MARGIN * MARGIN + MARGIN;
  if (size > SIZE || whole > SIZE - MARGIN - used)
    return NULL;
  char *piece = memory + used + MARGIN;
  used += whole;
  touched = used;
  write_size(piece, size);
  ASAN_UNPOISON_MEMORY_REGION(piece, size);
  return piece;
}

void *arena_realloc(void *before, size_t size) {
  void *piece = arena_malloc(size);
  if (!piece || !before)
    return piece;
  size_t old = read_size(before);
  memcpy(piece, before, old < size ? old : size);
  ASAN_POISON_MEMORY_REGION(before, old);
  return piece;
}
