/* plate SIZE [STEPS [SEED]]: heats a plate, smooths its picture and multiplies its state. */
#include "plate.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t checksum, const void *data, size_t size) {
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++)
    checksum = (checksum ^ bytes[i]) * 0x100000001b3u;
  return checksum;
}

int main(int argc, char **argv) {
  size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 128;
  size_t steps = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
  unsigned seed = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
  if (size < 16 || size > 4096)
    return 2;

  double(*now)[size] = malloc(sizeof(double[size][size]));
  double(*next)[size] = malloc(sizeof(double[size][size]));
  double(*product)[size] = malloc(sizeof(double[size][size]));
  float(*image)[size] = malloc(sizeof(float[size][size]));
  float(*scratch)[size] = malloc(sizeof(float[size][size]));
  if (!now || !next || !product || !image || !scratch)
    return 1;
  for (size_t y = 0; y < size; y++)
    for (size_t x = 0; x < size; x++) {
      seed = seed * 1664525u + 1013904223u;
      now[y][x] = next[y][x] = (seed >> 12) / 1048576.0;
      scratch[y][x] = 0;
    }

  static const float weights[] = {0.02f, 0.08f, 0.15f, 0.5f, 0.15f, 0.08f, 0.02f};
  uint64_t checksum = 0xcbf29ce484222325u;
  for (size_t step = 0; step < steps; step++) {
    for (int turn = 0; turn < 10; turn++) {
      heat_step(size, size, now, next, 0.2);
      heat_step(size, size, next, now, 0.2);
    }
    for (size_t y = 0; y < size; y++)
      for (size_t x = 0; x < size; x++)
        image[y][x] = (float)now[y][x];
    for (int turn = 0; turn < 4; turn++)
      smooth(size, size, image, scratch, weights, 3);
    checksum = mix(checksum, image[size / 2], sizeof image[0]);
    if (step % 16 == 0) {
      multiply(size, now, next, product);
      checksum = mix(checksum, product, sizeof(double[size][size]));
    }
  }
  printf("%zu x %zu, %zu steps, checksum %016" PRIx64 "\n", size, size, steps, checksum);
  free(now);
  free(next);
  free(product);
  free(image);
  free(scratch);
  return 0;
}
