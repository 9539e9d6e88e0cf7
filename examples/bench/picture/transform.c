/* transform.c - colours, blocks and frequencies for the picture coder in this folder.
 *
 * Splits a picture into a brightness plane and two halved colour planes, takes 8x8 blocks of a
 * plane through a fixed-point cosine transform (two small matrix products) and quantises them in
 * zig-zag order; and all the way back. See main.c for the whole.
 */
#include <stdint.h>

enum { SIDE = 8, AREA = 64 };

static int basis[AREA]; /* a row for each frequency, thirteen fractional bits */
static int turned_basis[AREA];
static int zigzag[AREA];

static int clamp_byte(int value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

/* cos(k pi / 16) / 2 for any k, from a quarter of the circle */
static int half_cosine(int k) {
  static const int quarter[9] = {4096, 4017, 3784, 3406, 2896, 2276, 1567, 799, 0};
  k %= 32;
  if (k > 16)
    k = 32 - k;
  return k > 8 ? -quarter[16 - k] : quarter[k];
}

void prepare_transform(void) {
  int count = 0;
  for (int u = 0; u < SIDE; u++)
    for (int x = 0; x < SIDE; x++)
      basis[u * SIDE + x] = turned_basis[x * SIDE + u] = half_cosine(u == 0 ? 4 : (2 * x + 1) * u);
  for (int sum = 0; sum <= 2 * (SIDE - 1); sum++)
    for (int i = 0; i <= sum; i++) {
      int x = sum & 1 ? sum - i : i, y = sum - x;
      if (x < SIDE && y < SIDE)
        zigzag[count++] = y * SIDE + x;
    }
}

/* Divisors in zig-zag order: finer at low frequencies, and for brightness than for colour. */
void set_quality(uint16_t *divisors, int coarseness, int colour) {
  for (int i = 0; i < AREA; i++)
    divisors[i] = (uint16_t)(3 + (6 + i + (colour ? 12 : 0)) * coarseness / 8);
}

/* Each colour value is the sum over a 2x2 square, brought down to one. */
void split_planes(const uint8_t *rgb, int width, int height, int16_t *planes[3]) {
  for (int i = 0; i < width * height / 4; i++)
    planes[1][i] = planes[2][i] = 0;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const uint8_t *pixel = rgb + 3 * (y * width + x);
      int red = pixel[0], green = pixel[1], blue = pixel[2];
      int at = y / 2 * (width / 2) + x / 2;
      planes[0][y * width + x] = (int16_t)(((77 * red + 150 * green + 29 * blue + 128) >> 8) - 128);
      planes[1][at] = (int16_t)(planes[1][at] + ((128 * blue - 43 * red - 85 * green) >> 8));
      planes[2][at] = (int16_t)(planes[2][at] + ((128 * red - 107 * green - 21 * blue) >> 8));
    }
  for (int i = 0; i < width * height / 4; i++) {
    planes[1][i] = (int16_t)((planes[1][i] + 2) >> 2);
    planes[2][i] = (int16_t)((planes[2][i] + 2) >> 2);
  }
}

void join_planes(int16_t *const planes[3], int width, int height, uint8_t *rgb) {
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      uint8_t *pixel = rgb + 3 * (y * width + x);
      int at = y / 2 * (width / 2) + x / 2;
      int grey = planes[0][y * width + x] + 128, u = planes[1][at], v = planes[2][at];
      pixel[0] = (uint8_t)clamp_byte(grey + ((359 * v + 128) >> 8));
      pixel[1] = (uint8_t)clamp_byte(grey - ((88 * u + 183 * v + 128) >> 8));
      pixel[2] = (uint8_t)clamp_byte(grey + ((454 * u + 128) >> 8));
    }
}

static void product(const int *left, const int *right, int shift, int *out) {
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      int sum = 1 << (shift - 1);
      for (int k = 0; k < SIDE; k++)
        sum += left[i * SIDE + k] * right[k * SIDE + j];
      out[i * SIDE + j] = sum >> shift;
    }
}

/* The first product keeps three extra bits, the second one drops them. */
void forward_block(const int16_t *plane, int stride, const uint16_t *divisors, int16_t *levels) {
  int block[AREA], half_way[AREA];
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      block[y * SIDE + x] = plane[y * stride + x];
  product(block, turned_basis, 10, half_way);
  product(basis, half_way, 16, block);
  for (int i = 0; i < AREA; i++) {
    int value = block[zigzag[i]], half = divisors[i] / 2;
    levels[i] = (int16_t)((value < 0 ? value - half : value + half) / divisors[i]);
  }
}

void inverse_block(const int16_t *levels, const uint16_t *divisors, int16_t *plane, int stride) {
  int block[AREA], half_way[AREA];
  for (int i = 0; i < AREA; i++)
    block[zigzag[i]] = levels[i] * divisors[i];
  product(turned_basis, block, 10, half_way);
  product(half_way, basis, 16, block);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      plane[y * stride + x] = (int16_t)block[y * SIDE + x];
}
