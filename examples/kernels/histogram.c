// Counts bytes of made-up text, and finds its median letter. Arguments: rounds, seed.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 1 << 16 };

static uint8_t text[SIZE];

static uint32_t next(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static int median(const uint32_t *counts) {
  uint32_t below = 0;
  for (int letter = 0; letter < 256; letter++) {
    below += counts[letter];
    if (below >= SIZE / 2)
      return letter;
  }
  return 255;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint32_t state = argc > 2 ? (uint32_t)atoi(argv[2]) : 1, sum = 0;
  for (int i = 0; i < SIZE; i++)
    text[i] = (uint8_t)('a' + (next(&state) % 26 + next(&state) % 26) / 2);
  for (int round = 0; round < rounds; round++) {
    uint32_t counts[256] = {0};
    for (int i = 0; i < SIZE; i++)
      counts[text[i]]++;
    sum = sum * 31 + counts[(unsigned)round % 256] + (uint32_t)median(counts);
    text[next(&state) % SIZE] ^= 1;
  }
  printf("%08x\n", sum);
  return 0;
}
