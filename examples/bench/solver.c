/*
 * Numerical odds and ends as they gather in a scientist's toolbox: Runge-Kutta integration of a
 * chain of coupled oscillators, Simpson's rule over functions passed by pointer, the real roots of
 * polynomials by Newton's method and deflation, implicit diffusion with a tridiagonal solver, and
 * random walks out of a disc. Stands for small kernels joined by indirect calls, short recurrences,
 * division-bound loops and branches on random data.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { OSCILLATORS = 48, STATE = 2 * OSCILLATORS, DEGREE = 9, ROD = 300 };

typedef void (*Derivative)(const double *y, double *rate, const void *context);
typedef double (*Function)(double x, const double *parameters);

typedef struct {
  double stiffness[OSCILLATORS + 1];
  double cubic, damping;
} Chain;

typedef struct {
  double below[ROD], diagonal[ROD], above[ROD];
} Tridiagonal;

static double random_unit(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

/* y holds the displacements, then the velocities; both ends of the chain are fixed. */
static void chain_rate(const double *y, double *rate, const void *context) {
  const Chain *chain = context;
  const double *velocity = y + OSCILLATORS;
  for (int i = 0; i < OSCILLATORS; i++) {
    double left = (i > 0 ? y[i - 1] : 0.0) - y[i];
    double right = (i < OSCILLATORS - 1 ? y[i + 1] : 0.0) - y[i];
    rate[i] = velocity[i];
    rate[OSCILLATORS + i] = chain->stiffness[i] * left + chain->stiffness[i + 1] * right +
                            chain->cubic * (left * left * left + right * right * right) -
                            chain->damping * velocity[i];
  }
}

/* One classical fourth-order step of size dt. */
static void runge_kutta_step(Derivative derivative, const void *context, double *y, int n,
                             double dt) {
  static const double ahead[4] = {0.0, 0.5, 0.5, 1.0}, weight[4] = {1.0, 2.0, 2.0, 1.0};
  double rate[STATE] = {0.0}, trial[STATE], sum[STATE] = {0.0};
  for (int stage = 0; stage < 4; stage++) {
    for (int i = 0; i < n; i++)
      trial[i] = y[i] + ahead[stage] * dt * rate[i];
    derivative(trial, rate, context);
    for (int i = 0; i < n; i++)
      sum[i] += weight[stage] * rate[i];
  }
  for (int i = 0; i < n; i++)
    y[i] += dt / 6.0 * sum[i];
}

static double bell(double x, const double *p) {
  return p[0] / (1.0 + p[1] * (x - p[2]) * (x - p[2]));
}

static double ratio(double x, const double *p) {
  return (x * (x * (x + p[0]) - p[1]) + p[2]) / (2.0 + x * x * (1.0 + p[0] * x * x));
}

static double simpson(Function f, const double *parameters, double from, double to, int panels) {
  double half = 0.5 * (to - from) / panels, sum = f(from, parameters) + f(to, parameters);
  for (int i = 0; i < panels; i++) {
    double left = from + 2.0 * i * half;
    sum += 4.0 * f(left + half, parameters);
    if (i > 0)
      sum += 2.0 * f(left, parameters);
  }
  return sum * half / 3.0;
}

/* Value and slope of a polynomial by Horner's scheme; coefficient[0] is the constant. */
static double evaluate(const double *coefficient, int degree, double x, double *slope) {
  double value = coefficient[degree];
  *slope = 0.0;
  for (int i = degree - 1; i >= 0; i--) {
    *slope = *slope * x + value;
    value = value * x + coefficient[i];
  }
  return value;
}

/* Finds the roots of a polynomial that has only real ones, from the greatest down, by starting
 * each search right of all of them; coefficient is used up. Returns the number of iterations. */
static int newton_roots(double *coefficient, int degree, double bound, double *root) {
  int iterations = 0;
  for (int d = degree; d > 0; d--) {
    double x = bound, slope;
    for (int tries = 0; tries < 60; tries++) {
      double value = evaluate(coefficient, d, x, &slope);
      double step = value / slope;
      x -= step;
      iterations++;
      if (fabs(step) < 1e-12 * bound)
        break;
    }
    root[d - 1] = x;
    double carry = coefficient[d];
    for (int i = d - 1; i >= 0; i--) {
      double keep = coefficient[i];
      coefficient[i] = carry;
      carry = keep + carry * x;
    }
  }
  return iterations;
}

/* Expands the product of (x - r) over random roots r in (0, bound). */
static void random_polynomial(double *coefficient, int degree, double bound, uint64_t *state) {
  coefficient[0] = 1.0;
  for (int d = 1; d <= degree; d++) {
    double root = bound * (d - 0.8 * random_unit(state)) / degree;
    coefficient[d] = coefficient[d - 1];
    for (int i = d - 1; i > 0; i--)
      coefficient[i] = coefficient[i - 1] - root * coefficient[i];
    coefficient[0] *= -root;
  }
}

/* Solves m x = b, where x may be b, by elimination without pivots. */
static void solve_tridiagonal(const Tridiagonal *m, const double *b, double *x) {
  double ratio_above[ROD];
  double pivot = m->diagonal[0];
  x[0] = b[0] / pivot;
  for (int i = 1; i < ROD; i++) {
    ratio_above[i] = m->above[i - 1] / pivot;
    pivot = m->diagonal[i] - m->below[i] * ratio_above[i];
    x[i] = (b[i] - m->below[i] * x[i - 1]) / pivot;
  }
  for (int i = ROD - 1; i > 0; i--)
    x[i - 1] -= ratio_above[i] * x[i];
}

static void random_rod(Tridiagonal *m, double dt, uint64_t *state) {
  double left = 0.5 + random_unit(state);
  for (int i = 0; i < ROD; i++) {
    double right = 0.5 + random_unit(state);
    m->below[i] = -dt * left;
    m->above[i] = -dt * right;
    m->diagonal[i] = 1.0 + dt * (left + right);
    left = right;
  }
}

/* Walks on the square lattice from the centre until out of the disc; returns the total number of
 * steps and adds the exit points to the histogram by quadrant. */
static long random_walks(int walks, int radius, long *exits, uint64_t *state) {
  long steps = 0;
  for (int w = 0; w < walks; w++) {
    int x = 0, y = 0;
    while (x * x + y * y <= radius * radius) {
      int direction = (int)(4.0 * random_unit(state));
      if (direction & 1)
        x += direction & 2 ? 1 : -1;
      else
        y += direction & 2 ? 1 : -1;
      steps++;
    }
    exits[(x > y) + 2 * (x > -y)]++;
  }
  return steps;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (rounds < 1) {
    fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  state = state ^ 0x2127599bf4325c37u;
  static const Function functions[2] = {bell, ratio};
  static Tridiagonal rod;
  Chain chain = {{0.0}, 0.3, 0.01};
  double y[STATE] = {0.0}, heat[ROD] = {0.0}, coefficient[DEGREE + 1], root[DEGREE];
  double motion = 0.0, integral = 0.0, roots = 0.0, warmth = 0.0;
  long iterations = 0, steps = 0, exits[4] = {0};
  for (int i = 0; i <= OSCILLATORS; i++)
    chain.stiffness[i] = 0.5 + random_unit(&state);
  for (long round = 0; round < rounds; round++) {
    y[OSCILLATORS + round % OSCILLATORS] += random_unit(&state) - 0.5;
    for (int k = 0; k < 150; k++)
      runge_kutta_step(chain_rate, &chain, y, STATE, 0.05);
    for (int i = 0; i < STATE; i++)
      motion += y[i] * (1 + i % 7);
    for (int k = 0; k < 6; k++) {
      double p[3];
      for (int i = 0; i < 3; i++)
        p[i] = 0.2 + 1.5 * random_unit(&state);
      integral += simpson(functions[k % 2], p, -1.0, 2.0, 2000);
    }
    for (int k = 0; k < 40; k++) {
      random_polynomial(coefficient, DEGREE, 3.0, &state);
      iterations += newton_roots(coefficient, DEGREE, 3.0, root);
      for (int i = 0; i < DEGREE; i++)
        roots += root[i] * (1 + i);
    }
    random_rod(&rod, 0.8, &state);
    for (int k = 0; k < 40; k++) {
      heat[(7 * k + round) % ROD] += 1.0;
      solve_tridiagonal(&rod, heat, heat);
    }
    for (int i = 0; i < ROD; i++)
      warmth += heat[i] * (1 + i % 5);
    steps += random_walks(50, 12, exits, &state);
  }
  printf("motion %.17g integral %.17g\n", motion, integral);
  printf("roots %.17g iterations %ld warmth %.17g\n", roots, iterations, warmth);
  printf("steps %ld exits %ld %ld %ld %ld\n", steps, exits[0], exits[1], exits[2], exits[3]);
  return 0;
}
