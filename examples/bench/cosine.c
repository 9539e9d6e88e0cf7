/* cosine.c - the integer 8x8 cosine transform at the heart of picture and video coders.
 *
 * Every 8x8 block of a synthetic grey picture is transformed with fixed-point arithmetic, quantised
 * in zig-zag order, sized as a simple coder would, and taken back through the inverse transform;
 * the picture that comes out is compared with the one that went in. It stands for block codecs:
 * short fixed loops over small arrays, multiplications by constants, strided access, division.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, AREA = 64, WIDTH = 256, HEIGHT = 192 };

/* cos(k pi / 16) / 2 with thirteen fractional bits */
enum { C1 = 4017, C2 = 3784, C3 = 3406, C4 = 2896, C5 = 2276, C6 = 1567, C7 = 799 };

typedef struct {
  uint8_t pixels[HEIGHT * WIDTH];
} Picture;

typedef struct {
  int divisors[AREA];
  uint8_t order[AREA]; /* zig-zag position to block position */
} Scheme;

typedef struct {
  uint64_t error, bits, digest;
} Report;

static uint32_t next_random(uint32_t *state) {
  *state = *state * 747796405u + 2891336453u;
  return *state ^ *state >> 16;
}

/* Slanting waves with grain on them. */
static void paint(Picture *picture, uint32_t *random) {
  int across = (int)(next_random(random) % 7u) + 1, down = (int)(next_random(random) % 5u) + 1;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      int wave = (x * across + y * down + x * y / 64) & 255;
      int grey = 40 + (wave < 128 ? wave : 255 - wave) + (int)(next_random(random) >> 27);
      picture->pixels[y * WIDTH + x] = (uint8_t)grey;
    }
}

/* Walks the anti-diagonals, every other one upwards. */
static void fill_order(uint8_t *order) {
  for (int diagonal = 0; diagonal < 2 * SIDE - 1; diagonal++)
    for (int i = 0; i <= diagonal; i++) {
      int x = diagonal % 2 ? diagonal - i : i, y = diagonal - x;
      if (x < SIDE && y < SIDE)
        *order++ = (uint8_t)(y * SIDE + x);
    }
}

static void set_coarseness(Scheme *scheme, int coarseness) {
  for (int i = 0; i < AREA; i++)
    scheme->divisors[i] = 3 + (8 + 5 * (i % SIDE + i / SIDE)) * coarseness / 8;
}

static void forward_line(int *v, int stride, int shift) {
  int s0 = v[0] + v[7 * stride], d0 = v[0] - v[7 * stride];
  int s1 = v[stride] + v[6 * stride], d1 = v[stride] - v[6 * stride];
  int s2 = v[2 * stride] + v[5 * stride], d2 = v[2 * stride] - v[5 * stride];
  int s3 = v[3 * stride] + v[4 * stride], d3 = v[3 * stride] - v[4 * stride];
  int round = 1 << (shift - 1);
  v[0] = (C4 * (s0 + s1 + s2 + s3) + round) >> shift;
  v[stride] = (C1 * d0 + C3 * d1 + C5 * d2 + C7 * d3 + round) >> shift;
  v[2 * stride] = (C2 * (s0 - s3) + C6 * (s1 - s2) + round) >> shift;
  v[3 * stride] = (C3 * d0 - C7 * d1 - C1 * d2 - C5 * d3 + round) >> shift;
  v[4 * stride] = (C4 * (s0 - s1 - s2 + s3) + round) >> shift;
  v[5 * stride] = (C5 * d0 - C1 * d1 + C7 * d2 + C3 * d3 + round) >> shift;
  v[6 * stride] = (C6 * (s0 - s3) - C2 * (s1 - s2) + round) >> shift;
  v[7 * stride] = (C7 * d0 - C5 * d1 + C3 * d2 - C1 * d3 + round) >> shift;
}

static void inverse_line(int *v, int stride, int shift) {
  int x1 = v[stride], x3 = v[3 * stride], x5 = v[5 * stride], x7 = v[7 * stride];
  int round = 1 << (shift - 1);
  int sum = C4 * (v[0] + v[4 * stride]) + round, gap = C4 * (v[0] - v[4 * stride]) + round;
  int outer = C2 * v[2 * stride] + C6 * v[6 * stride];
  int inner = C6 * v[2 * stride] - C2 * v[6 * stride];
  int even[4] = {sum + outer, gap + inner, gap - inner, sum - outer};
  int odd[4] = {C1 * x1 + C3 * x3 + C5 * x5 + C7 * x7, C3 * x1 - C7 * x3 - C1 * x5 - C5 * x7,
                C5 * x1 - C1 * x3 + C7 * x5 + C3 * x7, C7 * x1 - C5 * x3 + C3 * x5 - C1 * x7};
  for (int i = 0; i < 4; i++) {
    v[i * stride] = (even[i] + odd[i]) >> shift;
    v[(7 - i) * stride] = (even[i] - odd[i]) >> shift;
  }
}

/* Between the two passes the numbers carry three extra bits. */
static void forward_block(int *block) {
  for (int i = 0; i < SIDE; i++)
    forward_line(block + i * SIDE, 1, 10);
  for (int i = 0; i < SIDE; i++)
    forward_line(block + i, SIDE, 16);
}

static void inverse_block(int *block) {
  for (int i = 0; i < SIDE; i++)
    inverse_line(block + i, SIDE, 10);
  for (int i = 0; i < SIDE; i++)
    inverse_line(block + i * SIDE, 1, 16);
}

/* Leaves in the block what a decoder will find there. */
static void quantise(const Scheme *scheme, int *block, int16_t *levels) {
  for (int i = 0; i < AREA; i++) {
    int at = scheme->order[i];
    int half = scheme->divisors[at] / 2;
    int level = (block[at] < 0 ? block[at] - half : block[at] + half) / scheme->divisors[at];
    levels[i] = (int16_t)level;
    block[at] = level * scheme->divisors[at];
  }
}

/* Adds up what a simple coder would spend: a flag for each, the bits of a level written twice. */
static void size_levels(const int16_t *levels, Report *report) {
  for (int i = 0; i < AREA; i++) {
    report->digest = (report->digest ^ (uint16_t)levels[i]) * 1099511628211u;
    for (int rest = abs(levels[i]); rest != 0; rest >>= 1)
      report->bits += 2;
  }
  report->bits += AREA;
}

static void fetch(const Picture *picture, int left, int top, int *block) {
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      block[y * SIDE + x] = picture->pixels[(top + y) * WIDTH + left + x] - 128;
}

static uint8_t clamp_byte(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static void store(Picture *picture, int left, int top, const int *block) {
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      picture->pixels[(top + y) * WIDTH + left + x] = clamp_byte(block[y * SIDE + x] + 128);
}

static void compare(const Picture *a, const Picture *b, Report *report) {
  for (int i = 0; i < HEIGHT * WIDTH; i++) {
    int difference = a->pixels[i] - b->pixels[i];
    report->error += (uint64_t)(difference * difference);
  }
}

int main(int argc, char **argv) {
  static Picture source, result;
  long pictures = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = (argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1) * 2654435761u | 1;
  Scheme scheme;
  Report report = {0, 0, 2166136261u};
  int block[AREA];
  int16_t levels[AREA];
  if (pictures <= 0)
    return fprintf(stderr, "usage: %s PICTURES [SEED]\n", argv[0]), 2;
  fill_order(scheme.order);
  for (long i = 0; i < pictures; i++) {
    paint(&source, &random);
    set_coarseness(&scheme, (int)(i % 12) + 1);
    for (int top = 0; top < HEIGHT; top += SIDE)
      for (int left = 0; left < WIDTH; left += SIDE) {
        fetch(&source, left, top, block);
        forward_block(block);
        quantise(&scheme, block, levels);
        size_levels(levels, &report);
        inverse_block(block);
        store(&result, left, top, block);
      }
    compare(&source, &result, &report);
  }
  printf("bits %" PRIu64 "\nsquared error %" PRIu64 "\ndigest %016" PRIx64 "\n", report.bits,
         report.error, report.digest);
  return 0;
}
