// What the fuzz targets share: memory that is given back after each input, files that are none, and
// text that is made of few bytes.
#ifndef AUTOPASS_FUZZ_H
#define AUTOPASS_FUZZ_H

#include "launcher.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- arena.c: malloc() and realloc() of bytes.c
void *arena_malloc(size_t size);
void *arena_realloc(void *memory, size_t size);
void arena_reset(void);

// ---- memory_files.c: what open_trusted(), read_trusted() and read_ordinary() find
extern jmp_buf unchanged; // where run_unchanged() ends
void file_put(const char *path, const Bytes *content);
void files_reset(void);

// ---- input.c: the bytes of an input, taken one after the other
typedef struct {
  const uint8_t *data;
  size_t size;
} Input;
unsigned take_byte(Input *input);
Input take_part(Input *input); // up to the next 0xff
void fail(const char *what, const Bytes *content);

// What makes or judges inputs is not what is to be explored.
#define UNCOVERED __attribute__((no_sanitize("coverage")))

#define CHECK(condition, content)                                                                  \
  do {                                                                                             \
    if (!(condition))                                                                              \
      fail(#condition, content);                                                                   \
  } while (0)

#endif
