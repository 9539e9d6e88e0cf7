/*
 * Dense linear algebra in the plain style of an engineering code: matrices are row-major heap
 * arrays behind a small struct, and every kernel is a textbook triple loop. Each round draws two
 * random matrices of a size that changes from round to round, multiplies them, factors the product
 * by LU with partial pivoting and a symmetric positive definite matrix by Cholesky, solves with
 * the triangular factors and orthogonalises the columns of a third matrix. Stands for
 * floating-point loop nests with unit and large strides, reductions and triangular iteration
 * spaces.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIN_SIZE = 60, SIZE_STEP = 9, SIZES = 8, MAX_SIZE = MIN_SIZE + SIZE_STEP * (SIZES - 1) };

typedef struct {
  int rows, cols;
  double *data;
} Matrix;

typedef struct {
  double product, pivoted, definite, basis;
} Sums;

static double random_unit(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

static double *new_vector(int count) {
  double *data = calloc((size_t)count, sizeof *data);
  if (!data) {
    fprintf(stderr, "dense: out of memory\n");
    exit(1);
  }
  return data;
}

static Matrix new_matrix(int rows, int cols) {
  Matrix m = {rows, cols, new_vector(rows * cols)};
  return m;
}

static void fill_random(double *data, int count, uint64_t *state) {
  for (int i = 0; i < count; i++)
    data[i] = 2.0 * random_unit(state) - 1.0;
}

/* c = a * b */
static void multiply(const Matrix *a, const Matrix *b, Matrix *c) {
  for (int i = 0; i < a->rows; i++) {
    double *out = c->data + i * c->cols;
    for (int j = 0; j < b->cols; j++)
      out[j] = 0.0;
    for (int k = 0; k < a->cols; k++) {
      double factor = a->data[i * a->cols + k];
      for (int j = 0; j < b->cols; j++)
        out[j] += factor * b->data[k * b->cols + j];
    }
  }
}

/* c = a * transpose(a) + shift * identity, which is positive definite for shift > 0 */
static void multiply_self_transposed(const Matrix *a, double shift, Matrix *c) {
  for (int i = 0; i < a->rows; i++)
    for (int j = 0; j <= i; j++) {
      double sum = i == j ? shift : 0.0;
      for (int k = 0; k < a->cols; k++)
        sum += a->data[i * a->cols + k] * a->data[j * a->cols + k];
      c->data[i * c->cols + j] = sum;
      c->data[j * c->cols + i] = sum;
    }
}

/* Factors a in place; order[i] is the row of the original that ended up as row i.
 * Returns the sign of the permutation, or 0 when the matrix is singular. */
static int lu_factor(Matrix *a, int *order) {
  int n = a->rows, sign = 1;
  for (int i = 0; i < n; i++)
    order[i] = i;
  for (int k = 0; k < n; k++) {
    int best = k;
    for (int i = k + 1; i < n; i++)
      if (fabs(a->data[i * n + k]) > fabs(a->data[best * n + k]))
        best = i;
    if (a->data[best * n + k] == 0.0)
      return 0;
    if (best != k) {
      for (int j = 0; j < n; j++) {
        double swap = a->data[k * n + j];
        a->data[k * n + j] = a->data[best * n + j];
        a->data[best * n + j] = swap;
      }
      int swap = order[k];
      order[k] = order[best];
      order[best] = swap;
      sign = -sign;
    }
    for (int i = k + 1; i < n; i++) {
      double factor = a->data[i * n + k] / a->data[k * n + k];
      a->data[i * n + k] = factor;
      for (int j = k + 1; j < n; j++)
        a->data[i * n + j] -= factor * a->data[k * n + j];
    }
  }
  return sign;
}

/* Overwrites b by the solution of l * x = b; unit says that the diagonal is taken as ones. */
static void solve_lower(const Matrix *l, int unit, double *b) {
  for (int i = 0; i < l->rows; i++) {
    double sum = b[i];
    for (int j = 0; j < i; j++)
      sum -= l->data[i * l->cols + j] * b[j];
    b[i] = unit ? sum : sum / l->data[i * l->cols + i];
  }
}

static void solve_upper(const Matrix *u, double *b) {
  for (int i = u->rows - 1; i >= 0; i--) {
    double sum = b[i];
    for (int j = i + 1; j < u->cols; j++)
      sum -= u->data[i * u->cols + j] * b[j];
    b[i] = sum / u->data[i * u->cols + i];
  }
}

/* Lower Cholesky factor of a in place, where a must be positive definite; the strict upper
 * triangle is left as it was. */
static void cholesky(Matrix *a) {
  int n = a->rows;
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++) {
      double sum = a->data[i * n + j];
      for (int k = 0; k < j; k++)
        sum -= a->data[i * n + k] * a->data[j * n + k];
      a->data[i * n + j] = i == j ? sqrt(sum) : sum / a->data[j * n + j];
    }
}

/* Modified Gram-Schmidt on the columns of a. Returns the sum of the projection coefficients. */
static double orthonormalise(Matrix *a) {
  double total = 0.0;
  for (int j = 0; j < a->cols; j++) {
    for (int p = 0; p < j; p++) {
      double overlap = 0.0;
      for (int i = 0; i < a->rows; i++)
        overlap += a->data[i * a->cols + p] * a->data[i * a->cols + j];
      for (int i = 0; i < a->rows; i++)
        a->data[i * a->cols + j] -= overlap * a->data[i * a->cols + p];
      total += overlap;
    }
    double norm = 0.0;
    for (int i = 0; i < a->rows; i++)
      norm += a->data[i * a->cols + j] * a->data[i * a->cols + j];
    norm = sqrt(norm);
    for (int i = 0; i < a->rows; i++)
      a->data[i * a->cols + j] /= norm;
    total += norm;
  }
  return total;
}

static double checksum(const double *data, int count) {
  double sum = 0.0;
  for (int i = 0; i < count; i++)
    sum += data[i] * (1 + i % 5);
  return sum;
}

static int run_round(int n, uint64_t *state, Sums *sums) {
  int order[MAX_SIZE] = {0};
  Matrix a = new_matrix(n, n), b = new_matrix(n, n), c = new_matrix(n, n), s = new_matrix(n, n);
  double *rhs = new_vector(n), *x = new_vector(n);
  fill_random(a.data, n * n, state);
  fill_random(b.data, n * n, state);
  fill_random(rhs, n, state);

  multiply(&a, &b, &c);
  sums->product += checksum(c.data, n * n);
  multiply_self_transposed(&a, 0.1 * n, &s);
  int sign = lu_factor(&c, order);
  if (sign != 0) {
    for (int i = 0; i < n; i++)
      x[i] = rhs[order[i]];
    solve_lower(&c, 1, x);
    solve_upper(&c, x);
  }
  sums->pivoted += sign * checksum(c.data, n * n) + checksum(x, n);
  cholesky(&s);
  solve_lower(&s, 0, rhs);
  sums->definite += checksum(s.data, n * n) + checksum(rhs, n);
  sums->basis += orthonormalise(&b) + checksum(b.data, n * n);
  free(a.data), free(b.data), free(c.data), free(s.data);
  free(rhs), free(x);
  return sign;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  Sums sums = {0};
  if (rounds < 1) {
    fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  long singular = 0;
  for (long round = 0; round < rounds; round++)
    singular += run_round(MIN_SIZE + SIZE_STEP * (int)(round % SIZES), &state, &sums) == 0;
  printf("product %.17g\npivoted %.17g\ndefinite %.17g\n", sums.product, sums.pivoted,
         sums.definite);
  printf("basis %.17g singular %ld\n", sums.basis, singular);
  return 0;
}
