/* strokes.c - a small rasteriser of lines, circles and filled triangles.
 *
 * Draws frames of random shapes into a frame buffer of 32-bit colours with integer arithmetic only:
 * lines by error accumulation, rings by octants, discs, triangles by edge functions, all blended
 * over what is there; every frame is then read as runs of equal colour. It stands for software
 * graphics: clipped loops over pixels, incremental sums, small helper calls for every pixel.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 400, HEIGHT = 300, SHAPES = 120 };

typedef struct {
  int width, height;
  uint32_t *pixels; /* 0xrrggbb, row by row */
} Canvas;

typedef struct {
  uint32_t colour;
  int opacity; /* 0 to 256 */
} Ink;

typedef struct {
  int x, y;
} Point;

typedef struct {
  uint64_t runs;
  uint32_t digest;
} Report;

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static uint32_t mix_channel(uint32_t below, uint32_t above, int opacity, int shift) {
  int from = (int)(below >> shift & 255), to = (int)(above >> shift & 255);
  return (uint32_t)((from * (256 - opacity) + to * opacity) >> 8) << shift;
}

static uint32_t blend(uint32_t below, const Ink *ink) {
  return mix_channel(below, ink->colour, ink->opacity, 16) |
         mix_channel(below, ink->colour, ink->opacity, 8) |
         mix_channel(below, ink->colour, ink->opacity, 0);
}

static void dot(Canvas *canvas, int x, int y, const Ink *ink) {
  if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
    return;
  uint32_t *pixel = canvas->pixels + y * canvas->width + x;
  *pixel = blend(*pixel, ink);
}

static void line(Canvas *canvas, Point from, Point to, const Ink *ink) {
  int across = abs(to.x - from.x), down = abs(to.y - from.y);
  int step_x = from.x < to.x ? 1 : -1, step_y = from.y < to.y ? 1 : -1;
  int error = across - down;
  dot(canvas, from.x, from.y, ink);
  while (from.x != to.x || from.y != to.y) {
    int twice = 2 * error;
    if (twice > -down) {
      error -= down;
      from.x += step_x;
    }
    if (twice < across) {
      error += across;
      from.y += step_y;
    }
    dot(canvas, from.x, from.y, ink);
  }
}

static void ring(Canvas *canvas, Point middle, int radius, const Ink *ink) {
  int x = radius, y = 0, error = 1 - radius;
  while (x >= y) {
    for (int corner = 0; corner < 4; corner++) {
      int right = corner & 1 ? x : -x, down = corner & 2 ? y : -y;
      dot(canvas, middle.x + right, middle.y + down, ink);
      dot(canvas, middle.x + down, middle.y + right, ink);
    }
    y++;
    if (error >= 0)
      error -= 2 * --x;
    error += 2 * y + 1;
  }
}

static void disc(Canvas *canvas, Point middle, int radius, const Ink *ink) {
  for (int y = -radius; y <= radius; y++)
    for (int x = -radius; x <= radius; x++)
      if (x * x + y * y <= radius * radius)
        dot(canvas, middle.x + x, middle.y + y, ink);
}

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

/* Twice the area of the triangle a, b, (x, y); positive on one side of the edge. */
static int edge(Point a, Point b, int x, int y) {
  return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
}

static void triangle(Canvas *canvas, Point a, Point b, Point c, const Ink *ink) {
  if (edge(a, b, c.x, c.y) < 0) {
    Point kept = b;
    b = c;
    c = kept;
  }
  int left = most(0, least(a.x, least(b.x, c.x)));
  int right = least(canvas->width - 1, most(a.x, most(b.x, c.x)));
  int top = most(0, least(a.y, least(b.y, c.y)));
  int bottom = least(canvas->height - 1, most(a.y, most(b.y, c.y)));
  for (int y = top; y <= bottom; y++) {
    uint32_t *row = canvas->pixels + y * canvas->width;
    int ab = edge(a, b, left, y), bc = edge(b, c, left, y), ca = edge(c, a, left, y);
    for (int x = left; x <= right; x++) {
      if (ab >= 0 && bc >= 0 && ca >= 0)
        row[x] = blend(row[x], ink);
      ab -= b.y - a.y;
      bc -= c.y - b.y;
      ca -= a.y - c.y;
    }
  }
}

static void read_runs(const Canvas *canvas, Report *report) {
  for (int y = 0; y < canvas->height; y++) {
    const uint32_t *row = canvas->pixels + y * canvas->width;
    for (int x = 0; x < canvas->width;) {
      int start = x;
      while (x < canvas->width && row[x] == row[start])
        x++;
      report->digest = (report->digest ^ row[start] ^ (uint32_t)(x - start) << 24) * 16777619u;
      report->runs++;
    }
  }
}

static void draw_frame(Canvas *canvas, uint32_t *random) {
  uint32_t paper = next_random(random) & 0xffffff;
  for (int i = 0; i < canvas->width * canvas->height; i++)
    canvas->pixels[i] = paper;
  for (int i = 0; i < SHAPES; i++) {
    uint32_t pick = next_random(random);
    Ink ink = {pick & 0xffffff, (int)(pick >> 24) + 1};
    Point p[3];
    for (int k = 0; k < 3; k++) {
      p[k].x = (int)(next_random(random) % (WIDTH + 80)) - 40;
      p[k].y = (int)(next_random(random) % (HEIGHT + 80)) - 40;
    }
    int radius = (int)(next_random(random) % 60u) + 2;
    line(canvas, p[0], p[1], &ink);
    ring(canvas, p[1], radius, &ink);
    if (i % 12 == 0)
      triangle(canvas, p[0], p[1], p[2], &ink);
    else if (i % 4 == 1)
      disc(canvas, p[2], radius, &ink);
  }
}

int main(int argc, char **argv) {
  static uint32_t pixels[WIDTH * HEIGHT];
  Canvas canvas = {WIDTH, HEIGHT, pixels};
  Report report = {0, 2166136261u};
  long frames = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = (argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1) * 2654435761u | 1;
  if (frames <= 0)
    return fprintf(stderr, "usage: %s FRAMES [SEED]\n", argv[0]), 2;
  for (long i = 0; i < frames; i++) {
    draw_frame(&canvas, &random);
    read_runs(&canvas, &report);
  }
  printf("runs %" PRIu64 "\ndigest %08" PRIx32 "\n", report.runs, report.digest);
  return 0;
}
