/* fractal.c - escape-time fractals and a value-noise texture.
 *
 * Renders small Mandelbrot and Julia pictures with smooth colours (the escape count is refined by
 * an integer logarithm of how far the point got, and looked up in a palette) and lays a texture
 * made of four octaves of value noise over them. It stands for numerical kernels whose inner loop
 * is a chain of double arithmetic with an exit that depends on the data, next to procedural
 * graphics with hashing and interpolation.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 160, HEIGHT = 120, PALETTE = 256, OCTAVES = 4, MOST_STEPS = 200, NOISE_SCALE = 24 };

typedef struct {
  double left, top, step;
} View;

typedef struct {
  int steps;   /* MOST_STEPS for a point that stays */
  double norm; /* the square of the distance reached, when it does not */
} Escape;

typedef struct {
  uint8_t red, green, blue;
} Colour;

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static double random_between(uint32_t *state, double low, double high) {
  return low + (high - low) * next_random(state) / 16777216.0;
}

static Escape iterate(double x, double y, double cx, double cy) {
  Escape escape = {0, x * x + y * y};
  double xx = x * x, yy = y * y;
  while (escape.steps < MOST_STEPS && xx + yy < 256.0) {
    y = 2.0 * x * y + cy;
    x = xx - yy + cx;
    xx = x * x;
    yy = y * y;
    escape.steps++;
  }
  escape.norm = xx + yy;
  return escape;
}

/* Binary logarithm with eight fractional bits, by squaring. */
static uint32_t log2_fixed(uint64_t value) {
  uint32_t whole = 0, result;
  while (value >> whole > 1)
    whole++;
  uint64_t part = (value << 16) >> whole;
  result = whole << 8;
  for (uint32_t bit = 128; bit != 0; bit >>= 1) {
    part = part * part >> 16;
    if (part >= 131072) {
      part >>= 1;
      result += bit;
    }
  }
  return result;
}

/* The place in the palette, with eight fractional bits: the farther the last step went beyond the
 * bound (the square is 2^8 to 2^16 there), the earlier the point is taken to have left. */
static uint32_t smooth_place(const Escape *escape) {
  uint32_t level = log2_fixed((uint64_t)(escape->norm * 256.0)) - (8u << 8);
  uint32_t early = log2_fixed(level) - (11u << 8);
  return ((uint32_t)escape->steps << 8) + 256 - early;
}

static uint8_t between(int from, int to, int part) {
  return (uint8_t)((from * (256 - part) + to * part) >> 8);
}

static Colour pick_colour(const Colour *palette, const Escape *escape) {
  if (escape->steps == MOST_STEPS)
    return (Colour){0, 0, 0};
  uint32_t place = smooth_place(escape);
  const Colour *low = &palette[(place >> 8) % PALETTE],
               *high = &palette[((place >> 8) + 1) % PALETTE];
  int part = (int)(place & 255);
  return (Colour){between(low->red, high->red, part), between(low->green, high->green, part),
                  between(low->blue, high->blue, part)};
}

static void make_palette(Colour *palette, uint32_t *random) {
  int pace = 1 + (int)(next_random(random) % 9u);
  for (int i = 0; i < PALETTE; i++)
    palette[i] = (Colour){(uint8_t)(i * pace), (uint8_t)(255 - i), (uint8_t)(i * 3 ^ i >> 2)};
}

/* With a constant it is that one's Julia set, without it is the Mandelbrot set. */
static uint64_t render(const View *view, const double *constant, const Colour *palette,
                       Colour *pixels) {
  uint64_t steps = 0;
  for (int row = 0; row < HEIGHT; row++)
    for (int column = 0; column < WIDTH; column++) {
      double x = view->left + column * view->step, y = view->top + row * view->step;
      Escape escape = constant ? iterate(x, y, constant[0], constant[1]) : iterate(0.0, 0.0, x, y);
      steps += (uint64_t)escape.steps;
      pixels[row * WIDTH + column] = pick_colour(palette, &escape);
    }
  return steps;
}

/* A number from 0 to 1 that belongs to a point of the lattice. */
static double lattice(uint32_t x, uint32_t y, uint32_t seed) {
  uint32_t hash = (x * 2246822519u ^ y * 3266489917u) + seed;
  hash = (hash ^ hash >> 15) * 2654435761u;
  return (hash >> 8) / 16777216.0;
}

static double value_noise(double x, double y, uint32_t seed) {
  uint32_t left = (uint32_t)x, top = (uint32_t)y;
  double u = x - left, v = y - top;
  u = u * u * (3.0 - 2.0 * u);
  v = v * v * (3.0 - 2.0 * v);
  double a = lattice(left, top, seed), b = lattice(left + 1, top, seed);
  double c = lattice(left, top + 1, seed), d = lattice(left + 1, top + 1, seed);
  double above = a + (b - a) * u, below = c + (d - c) * u;
  return above + (below - above) * v;
}

/* Darkens the picture by the texture, and returns the sum of the texture. */
static double lay_texture(Colour *pixels, uint32_t seed) {
  double total = 0.0;
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    double sum = 0.0, weight = 0.5, scale = 1.0 / NOISE_SCALE;
    for (uint32_t octave = 0; octave < OCTAVES; octave++) {
      sum += weight * value_noise(i % WIDTH * scale, (double)(i / WIDTH) * scale, seed + octave);
      weight *= 0.5;
      scale *= 2.0;
    }
    int light = (int)(sum * 256.0);
    pixels[i].red = between(0, pixels[i].red, light);
    pixels[i].green = between(0, pixels[i].green, light);
    pixels[i].blue = between(32, pixels[i].blue, light);
    total += sum;
  }
  return total;
}

static uint32_t digest(uint32_t sum, const Colour *pixels) {
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    sum = (sum ^ pixels[i].red) * 16777619u;
    sum = (sum ^ pixels[i].green) * 16777619u;
    sum = (sum ^ pixels[i].blue) * 16777619u;
  }
  return sum;
}

int main(int argc, char **argv) {
  static Colour pixels[WIDTH * HEIGHT], palette[PALETTE];
  long frames = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1, sum = 2166136261u;
  uint64_t steps = 0;
  double noise = 0.0;
  if (frames <= 0)
    return fprintf(stderr, "usage: %s FRAMES [SEED]\n", argv[0]), 2;
  for (long frame = 0; frame < frames; frame++) {
    make_palette(palette, &random);
    double x = random_between(&random, -0.9, -0.6), y = random_between(&random, 0.05, 0.35);
    double constant[2] = {x, y}, size = random_between(&random, 0.1, 2.0);
    View near = {x - size / 2, y - size / 2, size / WIDTH},
         whole = {x - 0.85, y - 1.4, 3.2 / WIDTH};
    steps += frame % 2 ? render(&whole, constant, palette, pixels)
                       : render(&near, NULL, palette, pixels);
    noise += lay_texture(pixels, next_random(&random));
    sum = digest(sum, pixels);
  }
  printf("steps %" PRIu64 "\nnoise %.17g\ndigest %08" PRIx32 "\n", steps, noise, sum);
  return 0;
}
