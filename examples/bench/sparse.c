/*
 * Sparse iterative linear algebra: implicit time steps of a diffusion problem on a 2-D grid. The
 * operator is a five-point Laplacian with randomly perturbed conductances, stored in compressed
 * rows; each step solves with it by conjugate gradients and a Jacobi preconditioner, then builds
 * the transpose of a randomly skewed copy and applies it to get the next source term. Stands for
 * indexed loads, short inner loops, vector updates, reductions and counting-sort style scatters.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  int rows;
  int *start; /* rows + 1 offsets into column and value */
  int *column;
  double *value;
} Csr;

typedef struct {
  double *residual, *scaled, *direction, *image, *diagonal;
} Workspace;

static double random_unit(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void *new_array(int count, size_t size) {
  void *data = calloc((size_t)count, size);
  if (!data) {
    fprintf(stderr, "sparse: out of memory\n");
    exit(1);
  }
  return data;
}

static void allocate_csr(Csr *m, int rows, int entries) {
  m->rows = rows;
  m->start = new_array(rows + 1, sizeof *m->start);
  m->column = new_array(entries, sizeof *m->column);
  m->value = new_array(entries, sizeof *m->value);
}

static void free_csr(Csr *m) {
  free(m->start);
  free(m->column);
  free(m->value);
}

static void append(Csr *m, int row, int column, double value) {
  int slot = m->start[row + 1]++;
  m->column[slot] = column;
  m->value[slot] = value;
}

/* shift * identity + Laplacian, with one conductance for each edge of an nx by ny grid whose
 * outer edges lead to a fixed boundary. */
static void build_diffusion(Csr *m, int nx, int ny, double shift, double *diagonal,
                            uint64_t *state) {
  double *across = new_array((nx + 1) * ny, sizeof *across);
  double *along = new_array(nx * (ny + 1), sizeof *along);
  for (int i = 0; i < (nx + 1) * ny; i++)
    across[i] = 0.7 + 0.6 * random_unit(state);
  for (int i = 0; i < nx * (ny + 1); i++)
    along[i] = 0.7 + 0.6 * random_unit(state);
  allocate_csr(m, nx * ny, 5 * nx * ny);
  for (int y = 0; y < ny; y++)
    for (int x = 0; x < nx; x++) {
      int row = y * nx + x;
      double south = along[y * nx + x], north = along[(y + 1) * nx + x];
      m->start[row + 1] = m->start[row];
      double west = across[y * (nx + 1) + x], east = across[y * (nx + 1) + x + 1];
      if (y > 0)
        append(m, row, row - nx, -south);
      if (x > 0)
        append(m, row, row - 1, -west);
      diagonal[row] = shift + south + north + west + east;
      append(m, row, row, diagonal[row]);
      if (x < nx - 1)
        append(m, row, row + 1, -east);
      if (y < ny - 1)
        append(m, row, row + nx, -north);
    }
  free(across);
  free(along);
}

/* Copies a into skewed with each row's off-diagonal entries bent towards one side. */
static void skew(const Csr *a, Csr *skewed, double strength, uint64_t *state) {
  for (int row = 0; row < a->rows; row++) {
    double wind = strength * (random_unit(state) - 0.5);
    skewed->start[row + 1] = a->start[row + 1];
    for (int k = a->start[row]; k < a->start[row + 1]; k++) {
      int column = a->column[k];
      double factor = column < row ? 1.0 + wind : column > row ? 1.0 - wind : 1.0;
      skewed->column[k] = column;
      skewed->value[k] = a->value[k] * factor;
    }
  }
}

/* t = transpose of the square matrix a, by counting the entries of each column. */
static void transpose(const Csr *a, Csr *t, int *cursor) {
  int n = a->rows;
  for (int i = 0; i <= n; i++)
    t->start[i] = 0;
  for (int k = 0; k < a->start[n]; k++)
    t->start[a->column[k] + 1]++;
  for (int i = 0; i < n; i++) {
    t->start[i + 1] += t->start[i];
    cursor[i] = t->start[i];
  }
  for (int row = 0; row < n; row++)
    for (int k = a->start[row]; k < a->start[row + 1]; k++) {
      int slot = cursor[a->column[k]]++;
      t->column[slot] = row;
      t->value[slot] = a->value[k];
    }
}

static void apply(const Csr *a, const double *x, double *y) {
  for (int row = 0; row < a->rows; row++) {
    double sum = 0.0;
    for (int k = a->start[row]; k < a->start[row + 1]; k++)
      sum += a->value[k] * x[a->column[k]];
    y[row] = sum;
  }
}

static double dot(const double *x, const double *y, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

/* y += factor * x */
static void add_scaled(double *y, double factor, const double *x, int n) {
  for (int i = 0; i < n; i++)
    y[i] += factor * x[i];
}

static void precondition(const Workspace *w, int n) {
  for (int i = 0; i < n; i++)
    w->scaled[i] = w->residual[i] / w->diagonal[i];
}

/* Improves x until the residual has shrunk by tolerance; returns the number of iterations. */
static int conjugate_gradient(const Csr *a, const double *b, double *x, double tolerance,
                              const Workspace *w) {
  int n = a->rows, iterations = 0;
  apply(a, x, w->image);
  for (int i = 0; i < n; i++)
    w->residual[i] = b[i] - w->image[i];
  precondition(w, n);
  for (int i = 0; i < n; i++)
    w->direction[i] = w->scaled[i];
  double rho = dot(w->residual, w->scaled, n);
  double goal = tolerance * tolerance * dot(b, b, n);
  while (iterations < 500 && dot(w->residual, w->residual, n) > goal) {
    apply(a, w->direction, w->image);
    double alpha = rho / dot(w->direction, w->image, n);
    add_scaled(x, alpha, w->direction, n);
    add_scaled(w->residual, -alpha, w->image, n);
    precondition(w, n);
    double next_rho = dot(w->residual, w->scaled, n);
    double beta = next_rho / rho;
    for (int i = 0; i < n; i++)
      w->direction[i] = w->scaled[i] + beta * w->direction[i];
    rho = next_rho;
    iterations++;
  }
  return iterations;
}

int main(int argc, char **argv) {
  long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (steps < 1) {
    fprintf(stderr, "usage: %s STEPS [SEED]\n", argv[0]);
    return 2;
  }
  const int nx = 91, ny = 77, n = nx * ny;
  const double shift = 0.08;
  Csr a, skewed, flipped;
  allocate_csr(&skewed, n, 5 * n);
  allocate_csr(&flipped, n, 5 * n);
  double *block = new_array(8 * n, sizeof *block);
  Workspace w = {block, block + n, block + 2 * n, block + 3 * n, block + 4 * n};
  double *x = block + 5 * n, *b = block + 6 * n, *source = block + 7 * n;
  build_diffusion(&a, nx, ny, shift, w.diagonal, &state);
  int *cursor = new_array(n, sizeof *cursor);
  for (int i = 0; i < n; i++)
    source[i] = random_unit(&state);

  long iterations = 0;
  double solution_sum = 0.0, source_sum = 0.0, error = 0.0;
  for (long step = 0; step < steps; step++) {
    for (int i = 0; i < n; i++)
      b[i] = shift * x[i] + source[i];
    iterations += conjugate_gradient(&a, b, x, 1e-9, &w);
    error += sqrt(dot(w.residual, w.residual, n));
    skew(&a, &skewed, 0.2, &state);
    transpose(&skewed, &flipped, cursor);
    apply(&flipped, x, source);
    for (int i = 0; i < n; i++) {
      source_sum += source[i] * (1 + i % 3);
      solution_sum += x[i] * (1 + i % 7);
      source[i] = random_unit(&state) - 0.3 - 0.1 * source[i];
    }
  }
  printf("iterations %ld\nsolution %.17g\n", iterations, solution_sum);
  printf("source %.17g\nerror %.17g\n", source_sum, error);
  free_csr(&a), free_csr(&skewed), free_csr(&flipped);
  free(block), free(cursor);
  return 0;
}
