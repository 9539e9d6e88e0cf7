/* pack SIZE [ROUNDS [SEED]]: packs and unpacks made-up log lines, and checks what comes back. */
#include "pack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t random_state;

static unsigned random_below(unsigned limit) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 8) % limit;
}

static void write_log(char *text, size_t size) {
  static const char *const words[] = {"GET /index", "POST /orders", "timeout", "connection", "from",
                                      "retry",      "cache miss",   "user",    "closed",     "ok"};
  size_t used = 0;
  while (used < size) {
    char line[160];
    int length = sprintf(line, "%08x", random_below(1u << 24) * 97);
    for (unsigned i = 2 + random_below(5); i > 0; i--) {
      const char *word = words[random_below(10)];
      length += sprintf(line + length, " %s=%u", word, random_below(30000));
    }
    line[length++] = '\n';
    size_t part = (size_t)length < size - used ? (size_t)length : size - used;
    memcpy(text + used, line, part);
    used += part;
  }
}

int main(int argc, char **argv) {
  size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
  size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 2;
  random_state = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
  if (size == 0 || size > 1u << 28)
    return 2;

  uint8_t *text = malloc(size), *packed = malloc(2 * size + 64), *back = calloc(size, 1);
  if (!text || !packed || !back)
    return 1;
  size_t total = 0;
  uint32_t checksum = 0;
  for (size_t round = 0; round < rounds; round++) {
    write_log((char *)text, size);
    size_t packed_size = pack(text, size, packed);
    unpack(packed, packed_size, back, size);
    if (memcmp(text, back, size) != 0) {
      fputs("the text came back changed\n", stderr);
      return 1;
    }
    total += packed_size;
    checksum = checksum * 31 + crc32(packed, packed_size);
  }
  printf("%zu bytes, packed %zu, checksum %08" PRIx32 "\n", size * rounds, total, checksum);
  free(text);
  free(packed);
  free(back);
  return 0;
}
