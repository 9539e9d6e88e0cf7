// Sums of a matrix over all rectangles that begin at its corner, and the largest of them.
// Arguments: rounds, seed.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 160 };

static int32_t cells[SIDE][SIDE], sums[SIDE + 1][SIDE + 1];

static int32_t largest(void) {
  int32_t best = INT32_MIN;
  for (int row = 1; row <= SIDE; row++)
    for (int column = 1; column <= SIDE; column++) {
      sums[row][column] = cells[row - 1][column - 1] + sums[row - 1][column] +
                          sums[row][column - 1] - sums[row - 1][column - 1];
      if (sums[row][column] > best)
        best = sums[row][column];
    }
  return best;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint32_t state = argc > 2 ? (uint32_t)atoi(argv[2]) : 1, sum = 0;
  for (int i = 0; i < SIDE * SIDE; i++) {
    state = state * 1664525u + 1013904223u;
    cells[i / SIDE][i % SIDE] = (int32_t)(state >> 16 & 511) - 256;
  }
  for (int round = 0; round < rounds; round++) {
    cells[round % SIDE][(round * 7) % SIDE] ^= 3;
    sum = sum * 31 + (uint32_t)largest();
  }
  printf("%08x\n", sum);
  return 0;
}
