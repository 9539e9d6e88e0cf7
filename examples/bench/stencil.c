/*
 * Structured-grid updates: a temperature on a 2-D grid spread by an explicit five-point stencil, a
 * potential on the same grid relaxed by Gauss-Seidel sweeps with the temperature as right-hand
 * side, and a concentration in a 3-D box spread by a seven-point stencil with a coefficient for
 * each cell. The explicit updates write to a second buffer and the two are swapped. Stands for
 * regular memory-bound loop nests, loop-carried recurrences and boundary copies.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  int nx, ny;
  double *now, *next;
} Plane;

typedef struct {
  int nx, ny, nz;
  double *now, *next, *rate;
} Box;

static double random_unit(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *state = x;
  return (double)(x >> 11) * 0x1p-53;
}

static double *new_field(int count) {
  double *field = calloc((size_t)count, sizeof *field);
  if (!field) {
    fprintf(stderr, "stencil: out of memory\n");
    exit(1);
  }
  return field;
}

static void init_plane(Plane *p, int nx, int ny, uint64_t *state) {
  p->nx = nx;
  p->ny = ny;
  p->now = new_field(nx * ny);
  p->next = new_field(nx * ny);
  for (int i = 0; i < nx * ny; i++)
    p->now[i] = random_unit(state);
}

static void init_box(Box *b, int nx, int ny, int nz, uint64_t *state) {
  int cells = nx * ny * nz;
  b->nx = nx;
  b->ny = ny;
  b->nz = nz;
  b->now = new_field(cells);
  b->next = new_field(cells);
  b->rate = new_field(cells);
  for (int i = 0; i < cells; i++) {
    b->now[i] = random_unit(state) < 0.02 ? 10.0 : 0.0;
    b->rate[i] = 0.02 + 0.13 * random_unit(state);
  }
}

/* One explicit step of the heat equation on the inner cells. */
static void spread_plane(Plane *p, double rate) {
  int nx = p->nx;
  for (int y = 1; y < p->ny - 1; y++)
    for (int x = 1; x < nx - 1; x++) {
      int c = y * nx + x;
      double around = p->now[c - 1] + p->now[c + 1] + p->now[c - nx] + p->now[c + nx];
      p->next[c] = p->now[c] + rate * (around - 4.0 * p->now[c]);
    }
}

/* Insulated borders: each border cell of the new field takes its inner neighbour's value. */
static void insulate_plane(Plane *p) {
  int nx = p->nx, ny = p->ny;
  for (int y = 1; y < ny - 1; y++) {
    p->next[y * nx] = p->next[y * nx + 1];
    p->next[y * nx + nx - 1] = p->next[y * nx + nx - 2];
  }
  for (int x = 0; x < nx; x++) {
    p->next[x] = p->next[nx + x];
    p->next[(ny - 1) * nx + x] = p->next[(ny - 2) * nx + x];
  }
}

static void swap_buffers(double **a, double **b) {
  double *keep = *a;
  *a = *b;
  *b = keep;
}

/* One over-relaxed sweep for -laplace(u) = f with u fixed on the border; returns the total
 * amount by which u moved. */
static double relax(double *u, const double *f, int nx, int ny, double omega) {
  double moved = 0.0;
  for (int y = 1; y < ny - 1; y++)
    for (int x = 1; x < nx - 1; x++) {
      int c = y * nx + x;
      double target = 0.25 * (u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] + f[c]);
      double change = omega * (target - u[c]);
      u[c] += change;
      moved += fabs(change);
    }
  return moved;
}

static double residual_norm(const double *u, const double *f, int nx, int ny) {
  double sum = 0.0;
  for (int y = 1; y < ny - 1; y++)
    for (int x = 1; x < nx - 1; x++) {
      int c = y * nx + x;
      double r = f[c] + u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] - 4.0 * u[c];
      sum += r * r;
    }
  return sqrt(sum);
}

/* One explicit step in the box; the cells on its faces stay empty. */
static void spread_box(Box *b) {
  int row = b->nx, layer = b->nx * b->ny;
  for (int z = 1; z < b->nz - 1; z++)
    for (int y = 1; y < b->ny - 1; y++)
      for (int x = 1; x < b->nx - 1; x++) {
        int c = z * layer + y * row + x;
        double around = b->now[c - 1] + b->now[c + 1] + b->now[c - row] + b->now[c + row] +
                        b->now[c - layer] + b->now[c + layer];
        b->next[c] = b->now[c] + b->rate[c] * (around - 6.0 * b->now[c]);
      }
}

/* Drops some material at random places, in both fields. */
static void add_sources(Plane *p, Box *b, uint64_t *state) {
  for (int k = 0; k < 8; k++) {
    int x = 1 + (int)(random_unit(state) * (p->nx - 2));
    int y = 1 + (int)(random_unit(state) * (p->ny - 2));
    p->now[y * p->nx + x] += random_unit(state) - 0.5;
    int cell = (int)(random_unit(state) * b->nx * b->ny * b->nz);
    b->now[cell] += random_unit(state);
  }
}

/* Sum of the cells with weights that tell neighbours apart, and of the steps along x. */
static double checksum(const double *field, int count) {
  double sum = 0.0, last = 0.0;
  for (int i = 0; i < count; i++) {
    sum += field[i] * (1 + i % 11) + fabs(field[i] - last);
    last = field[i];
  }
  return sum;
}

int main(int argc, char **argv) {
  long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (steps < 1) {
    fprintf(stderr, "usage: %s STEPS [SEED]\n", argv[0]);
    return 2;
  }
  state = state * 0x9e3779b97f4a7c15u + 0x1234567u;
  if (state == 0)
    state = 1;
  for (int i = 0; i < 8; i++)
    random_unit(&state);

  Plane heat;
  Box smoke;
  init_plane(&heat, 203, 171, &state);
  init_box(&smoke, 43, 37, 31, &state);
  double *potential = new_field(heat.nx * heat.ny);
  double moved = 0.0, defect = 0.0;
  for (long step = 0; step < steps; step++) {
    add_sources(&heat, &smoke, &state);
    spread_plane(&heat, 0.2);
    insulate_plane(&heat);
    swap_buffers(&heat.now, &heat.next);
    moved += relax(potential, heat.now, heat.nx, heat.ny, 1.4);
    if (step % 4 == 0)
      defect += residual_norm(potential, heat.now, heat.nx, heat.ny);
    spread_box(&smoke);
    swap_buffers(&smoke.now, &smoke.next);
  }
  printf("heat %.17g\n", checksum(heat.now, heat.nx * heat.ny));
  printf("smoke %.17g\n", checksum(smoke.now, smoke.nx * smoke.ny * smoke.nz));
  printf("potential %.17g\n", checksum(potential, heat.nx * heat.ny));
  printf("moved %.17g\ndefect %.17g\n", moved, defect);
  free(heat.now), free(heat.next), free(potential);
  free(smoke.now), free(smoke.next), free(smoke.rate);
  return 0;
}
