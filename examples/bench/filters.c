/* filters.c - the usual filters on eight-bit grey pictures.
 *
 * A grainy synthetic picture is smoothed with a separable Gaussian, searched for edges with the
 * Sobel operator, cleaned with a 3x3 median, spread with histogram equalisation and resized with
 * bilinear interpolation. It stands for image-processing libraries: nested loops over rows of
 * bytes, neighbourhoods with clamped borders, fixed-point weights, a histogram, table look-up.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 320, HEIGHT = 240, OTHER_WIDTH = 437, OTHER_HEIGHT = 171, TAPS = 7 };

typedef struct {
  int width, height;
  uint8_t *pixels;
} Image;

static const int weights[TAPS] = {1, 6, 15, 20, 15, 6, 1}; /* their sum is 64 */

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1103515245u + 12345u;
  return *state >> 16;
}

static int smaller(int a, int b) { return a < b ? a : b; }
static int larger(int a, int b) { return a > b ? a : b; }
static int middle(int a, int b, int c) { return larger(smaller(a, b), smaller(larger(a, b), c)); }

/* The row nearest to y that the image has. */
static uint8_t *row_of(const Image *image, int y) {
  return image->pixels + larger(0, smaller(y, image->height - 1)) * image->width;
}

/* Chequered tiles of random size under a slope, with salt and pepper. */
static void paint(Image *image, uint32_t *random) {
  int tile = 9 + (int)(next_random(random) % 40u), shift = (int)(next_random(random) % 90u);
  for (int y = 0; y < image->height; y++) {
    uint8_t *row = row_of(image, y);
    for (int x = 0; x < image->width; x++) {
      uint32_t grain = next_random(random);
      int grey = shift + (x + y) / 8 + ((x / tile + y / tile) & 1) * 50 + (int)(grain & 15u);
      row[x] = (uint8_t)(grain % 61u == 0 ? 255 : grain % 67u == 0 ? 0 : grey);
    }
  }
}

static void blur_rows(const Image *from, Image *to) {
  for (int y = 0; y < from->height; y++) {
    const uint8_t *in = row_of(from, y);
    uint8_t *out = row_of(to, y);
    for (int x = 0; x < from->width; x++) {
      int sum = 32;
      for (int t = 0; t < TAPS; t++)
        sum += weights[t] * in[larger(0, smaller(x + t - TAPS / 2, from->width - 1))];
      out[x] = (uint8_t)(sum >> 6);
    }
  }
}

static void blur_columns(const Image *from, Image *to) {
  for (int y = 0; y < from->height; y++) {
    const uint8_t *in[TAPS];
    uint8_t *out = row_of(to, y);
    for (int t = 0; t < TAPS; t++)
      in[t] = row_of(from, y + t - TAPS / 2);
    for (int x = 0; x < from->width; x++) {
      int sum = 32;
      for (int t = 0; t < TAPS; t++)
        sum += weights[t] * in[t][x];
      out[x] = (uint8_t)(sum >> 6);
    }
  }
}

static void find_edges(const Image *from, Image *to) {
  for (int y = 0; y < from->height; y++) {
    const uint8_t *up = row_of(from, y - 1), *at = row_of(from, y), *down = row_of(from, y + 1);
    uint8_t *out = row_of(to, y);
    for (int x = 1; x < from->width - 1; x++) {
      int across = up[x + 1] - up[x - 1] + 2 * (at[x + 1] - at[x - 1]) + down[x + 1] - down[x - 1];
      int along = down[x - 1] - up[x - 1] + 2 * (down[x] - up[x]) + down[x + 1] - up[x + 1];
      out[x] = (uint8_t)smaller(abs(across) + abs(along), 255);
    }
    out[0] = out[1];
    out[from->width - 1] = out[from->width - 2];
  }
}

/* Sorts every column of three; the median of nine is then the median of the largest of the lows,
 * the middle of the middles and the smallest of the highs. */
static void median(const Image *from, Image *to) {
  uint8_t low[WIDTH], mid[WIDTH], high[WIDTH];
  for (int y = 0; y < from->height; y++) {
    const uint8_t *up = row_of(from, y - 1), *at = row_of(from, y), *down = row_of(from, y + 1);
    uint8_t *out = row_of(to, y);
    for (int x = 0; x < from->width; x++) {
      low[x] = (uint8_t)smaller(smaller(up[x], at[x]), down[x]);
      mid[x] = (uint8_t)middle(up[x], at[x], down[x]);
      high[x] = (uint8_t)larger(larger(up[x], at[x]), down[x]);
    }
    for (int x = 1; x < from->width - 1; x++)
      out[x] = (uint8_t)middle(larger(larger(low[x - 1], low[x]), low[x + 1]),
                               middle(mid[x - 1], mid[x], mid[x + 1]),
                               smaller(smaller(high[x - 1], high[x]), high[x + 1]));
    out[0] = at[0];
    out[from->width - 1] = at[from->width - 1];
  }
}

static void equalise(Image *image) {
  size_t total = (size_t)image->width * (size_t)image->height, below = 0;
  size_t histogram[256] = {0};
  uint8_t map[256];
  for (size_t i = 0; i < total; i++)
    histogram[image->pixels[i]]++;
  for (int grey = 0; grey < 256; grey++) {
    below += histogram[grey];
    map[grey] = (uint8_t)(below * 255 / total);
  }
  for (size_t i = 0; i < total; i++)
    image->pixels[i] = map[image->pixels[i]];
}

/* Positions and weights carry sixteen and eight fractional bits. */
static void resize(const Image *from, Image *to) {
  int step_x = ((from->width - 1) << 16) / to->width;
  int step_y = ((from->height - 1) << 16) / to->height;
  for (int y = 0, at_y = 0; y < to->height; y++, at_y += step_y) {
    const uint8_t *above = row_of(from, at_y >> 16), *below = row_of(from, (at_y >> 16) + 1);
    uint8_t *out = row_of(to, y);
    int part_y = at_y >> 8 & 255;
    for (int x = 0, at_x = 0; x < to->width; x++, at_x += step_x) {
      int left = at_x >> 16, part_x = at_x >> 8 & 255;
      int first = above[left] * (256 - part_x) + above[left + 1] * part_x;
      int second = below[left] * (256 - part_x) + below[left + 1] * part_x;
      out[x] = (uint8_t)((first * (256 - part_y) + second * part_y + 32768) >> 16);
    }
  }
}

static uint32_t digest(uint32_t sum, const Image *image) {
  for (int i = 0; i < image->width * image->height; i++)
    sum = (sum << 7 | sum >> 25) + image->pixels[i];
  return sum;
}

int main(int argc, char **argv) {
  static uint8_t buffers[3][WIDTH * HEIGHT], other_buffer[OTHER_WIDTH * OTHER_HEIGHT];
  Image source = {WIDTH, HEIGHT, buffers[0]}, one = {WIDTH, HEIGHT, buffers[1]};
  Image two = {WIDTH, HEIGHT, buffers[2]}, other = {OTHER_WIDTH, OTHER_HEIGHT, other_buffer};
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
  uint32_t sums[4] = {0, 0, 0, 0};
  if (rounds <= 0)
    return fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]), 2;
  for (long i = 0; i < rounds; i++) {
    paint(&source, &random);
    blur_rows(&source, &one);
    blur_columns(&one, &two);
    sums[0] = digest(sums[0], &two);
    find_edges(&two, &one);
    sums[1] = digest(sums[1], &one);
    median(&source, &two);
    equalise(&two);
    sums[2] = digest(sums[2], &two);
    resize(i % 2 ? &one : &two, &other);
    sums[3] = digest(sums[3], &other);
  }
  printf("blurred   %08" PRIx32 "\nedges     %08" PRIx32 "\n", sums[0], sums[1]);
  printf("equalised %08" PRIx32 "\nresized   %08" PRIx32 "\n", sums[2], sums[3]);
  return 0;
}
