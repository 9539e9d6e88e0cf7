/* picture - a lossy picture coder of the JPEG kind, in three files.
 *
 * Makes synthetic colour pictures (sky, hills, a sun and grain), takes each through the transform
 * (transform.c) and the Huffman coder (entropy.c), decodes the bytes again and compares. It stands
 * for small codecs spread over several modules: loops over pixels and blocks on one side, tokens,
 * tables and single bits on the other, with calls between modules for every block.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 256, HEIGHT = 192, SIDE = 8, AREA = 64, BLOCKS = WIDTH * HEIGHT / AREA * 3 / 2 };

/* transform.c */
void prepare_transform(void);
void set_quality(uint16_t *divisors, int coarseness, int colour);
void split_planes(const uint8_t *rgb, int width, int height, int16_t *planes[3]);
void join_planes(int16_t *const planes[3], int width, int height, uint8_t *rgb);
void forward_block(const int16_t *plane, int stride, const uint16_t *divisors, int16_t *levels);
void inverse_block(const int16_t *levels, const uint16_t *divisors, int16_t *plane, int stride);

/* entropy.c */
size_t entropy_encode(const int16_t *levels, size_t blocks, uint8_t *bytes, size_t capacity);
int entropy_decode(uint8_t *bytes, size_t length, int16_t *levels, size_t blocks);

typedef struct {
  int16_t *planes[3]; /* brightness, and two colours at half the size */
  int16_t levels[BLOCKS * AREA];
  uint16_t divisors[2][AREA];
} Work;

static uint32_t next_random(uint32_t *state) {
  *state = *state * 22695477u + 1u;
  return *state >> 15;
}

static void paint(uint8_t *rgb, uint32_t *random) {
  int sun_x = (int)(next_random(random) % WIDTH), sun_y = (int)(next_random(random) % 80u);
  int radius = 12 + (int)(next_random(random) % 30u), ridge = HEIGHT / 2;
  for (int x = 0; x < WIDTH; x++) {
    ridge += (int)(next_random(random) % 7u) - 3;
    for (int y = 0; y < HEIGHT; y++) {
      uint8_t *pixel = rgb + 3 * (y * WIDTH + x);
      int dx = x - sun_x, dy = y - sun_y, grain = (int)(next_random(random) & 7u);
      int red = 70 + y / 4, green = 120 + y / 3, blue = 230 - y / 4;
      if (y > ridge) {
        red = 60 + (y - ridge) / 3 + 4 * grain;
        green = 110 + ((x ^ y) & 15) + 2 * grain;
        blue = 30;
      } else if (dx * dx + dy * dy < radius * radius) {
        red = 240;
        green = 210;
        blue = 80;
      }
      pixel[0] = (uint8_t)(red + grain);
      pixel[1] = (uint8_t)(green + grain);
      pixel[2] = (uint8_t)(blue + grain);
    }
  }
}

/* Codes (forward) or restores all planes, block by block. */
static void walk_blocks(Work *work, int forward) {
  int16_t *levels = work->levels;
  for (int p = 0; p < 3; p++) {
    int width = p ? WIDTH / 2 : WIDTH, height = p ? HEIGHT / 2 : HEIGHT;
    const uint16_t *divisors = work->divisors[p != 0];
    for (int y = 0; y < height; y += SIDE)
      for (int x = 0; x < width; x += SIDE, levels += AREA) {
        int16_t *corner = work->planes[p] + y * width + x;
        if (forward)
          forward_block(corner, width, divisors, levels);
        else
          inverse_block(levels, divisors, corner, width);
      }
  }
}

static uint64_t squared_error(const uint8_t *a, const uint8_t *b, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    int difference = a[i] - b[i];
    sum += (uint64_t)(difference * difference);
  }
  return sum;
}

static uint32_t digest(uint32_t sum, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

int main(int argc, char **argv) {
  static uint8_t before[3 * WIDTH * HEIGHT], after[3 * WIDTH * HEIGHT], coded[3 * WIDTH * HEIGHT];
  static int16_t brightness[WIDTH * HEIGHT], colours[2][WIDTH * HEIGHT / 4];
  static Work work = {{brightness, colours[0], colours[1]}, {0}, {{0}}};
  long pictures = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
  uint64_t bytes = 0, error = 0;
  uint32_t sum = 2166136261u;
  if (pictures <= 0)
    return fprintf(stderr, "usage: %s PICTURES [SEED]\n", argv[0]), 2;
  prepare_transform();
  for (long i = 0; i < pictures; i++) {
    set_quality(work.divisors[0], 1 + (int)(i % 6), 0);
    set_quality(work.divisors[1], 1 + (int)(i % 6), 1);
    paint(before, &random);
    split_planes(before, WIDTH, HEIGHT, work.planes);
    walk_blocks(&work, 1);
    size_t length = entropy_encode(work.levels, BLOCKS, coded, sizeof coded);
    sum = digest(sum, coded, length);
    bytes += length;
    memset(work.levels, 0, sizeof work.levels); /* nothing but the bytes goes on */
    if (entropy_decode(coded, length, work.levels, BLOCKS) != 0) {
      printf("picture %ld cannot be decoded\n", i);
      return 1;
    }
    walk_blocks(&work, 0);
    join_planes(work.planes, WIDTH, HEIGHT, after);
    error += squared_error(before, after, sizeof before);
  }
  printf("bytes %" PRIu64 "\nsquared error %" PRIu64 "\ndigest %08" PRIx32 "\n", bytes, error, sum);
  return 0;
}
