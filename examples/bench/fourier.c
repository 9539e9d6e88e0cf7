/* fourier.c - fast Fourier transform and fast convolution.
 *
 * An iterative radix-2 transform of complex doubles, working in place from a prepared plan (roots
 * of unity and bit-reversed order), its inverse, and the convolution of two real signals through
 * the spectrum. A few points of every convolution are also summed directly, and every spectrum is
 * searched for its strongest line. It stands for numerical signal-processing code: strided
 * floating-point loops over arrays of small structures, with shuffles of memory between them.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST = 8, PLANS = 4, MOST = 2048 }; /* transforms of 256 to 2048 points */

typedef struct {
  double re, im;
} Complex;

typedef struct {
  size_t size;
  Complex roots[MOST / 2]; /* exp(-2 pi i k / size) for k below size / 2 */
  size_t order[MOST];      /* bit-reversed indices */
} Plan;

typedef struct {
  double sum, worst, power;
  uint64_t peaks;
} Report;

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* The products have names of their own, so that no compiler fuses one with the sum: the result is
 * then the same whether it is found at run time or while compiling. */
static Complex multiply(Complex a, Complex b) {
  double rr = a.re * b.re, ii = a.im * b.im;
  double ri = a.re * b.im, ir = a.im * b.re;
  return (Complex){rr - ii, ri + ir};
}

/* The roots are filled in from coarse to fine: every level puts a new root between each two known
 * ones, then halves the angle. */
static void make_plan(Plan *plan, size_t size) {
  Complex root = {0.0, -1.0};
  plan->size = size;
  plan->roots[0] = (Complex){1.0, 0.0};
  for (size_t gap = size / 4; gap != 0; gap /= 2) {
    for (size_t k = gap; k < size / 2; k += 2 * gap)
      plan->roots[k] = multiply(plan->roots[k - gap], root);
    root.re = sqrt((1.0 + root.re) * 0.5);
    root.im = root.im / (2.0 * root.re);
  }
  plan->order[0] = 0;
  for (size_t i = 1; i < size; i++)
    plan->order[i] = plan->order[i / 2] / 2 + (i & 1 ? size / 2 : 0);
}

static void reorder(const Plan *plan, Complex *data) {
  for (size_t i = 0; i < plan->size; i++) {
    size_t other = plan->order[i];
    if (other > i) {
      Complex kept = data[i];
      data[i] = data[other];
      data[other] = kept;
    }
  }
}

/* One level of butterflies: joins pairs of transforms of `half` points each. */
static void join_halves(const Plan *plan, Complex *data, size_t half, int direction) {
  size_t stride = plan->size / (2 * half);
  for (size_t start = 0; start < plan->size; start += 2 * half) {
    Complex *low = data + start, *high = low + half;
    for (size_t k = 0; k < half; k++) {
      Complex root = plan->roots[k * stride];
      root.im *= direction;
      Complex turned = multiply(high[k], root);
      high[k].re = low[k].re - turned.re;
      high[k].im = low[k].im - turned.im;
      low[k].re += turned.re;
      low[k].im += turned.im;
    }
  }
}

/* Forward with direction 1, back (and scaled) with direction -1. */
static void transform(const Plan *plan, Complex *data, int direction) {
  reorder(plan, data);
  for (size_t half = 1; half < plan->size; half *= 2)
    join_halves(plan, data, half, direction);
  for (size_t i = 0; direction < 0 && i < plan->size; i++) {
    data[i].re /= (double)plan->size;
    data[i].im /= (double)plan->size;
  }
}

/* A low-passed noise signal; the second half stays zero, as room for the convolution. */
static void make_signal(Complex *data, size_t size, uint64_t *random) {
  double level = 0.0;
  for (size_t i = 0; i < size; i++) {
    double fresh = (double)(next_random(random) >> 40) / 8388608.0 - 1.0;
    level += (fresh - level) * 0.375;
    data[i].re = i < size / 2 ? level : 0.0;
    data[i].im = 0.0;
  }
}

static void multiply_spectra(Complex *a, const Complex *b, size_t size) {
  for (size_t i = 0; i < size; i++)
    a[i] = multiply(a[i], b[i]);
}

static size_t strongest_line(const Complex *spectrum, size_t size, double *total) {
  size_t best = 0;
  double most = -1.0;
  for (size_t i = 0; i <= size / 2; i++) {
    double power = spectrum[i].re * spectrum[i].re + spectrum[i].im * spectrum[i].im;
    *total += power / (double)size;
    if (power > most) {
      most = power;
      best = i;
    }
  }
  return best;
}

static double direct_point(const Complex *a, const Complex *b, size_t at) {
  double sum = 0.0;
  for (size_t i = 0; i <= at; i++)
    sum += a[i].re * b[at - i].re;
  return sum;
}

static void run_round(const Plan *plan, Complex work[4][MOST], uint64_t *random, Report *report) {
  size_t size = plan->size;
  for (int s = 0; s < 2; s++) {
    make_signal(work[s], size, random);
    for (size_t i = 0; i < size; i++)
      work[s + 2][i] = work[s][i];
    transform(plan, work[s + 2], 1);
    report->peaks = report->peaks * 31 + strongest_line(work[s + 2], size, &report->power);
  }
  multiply_spectra(work[2], work[3], size);
  transform(plan, work[2], -1);
  for (size_t i = 0; i < size; i++)
    report->sum += work[2][i].re * (double)(i % 7 + 1);
  for (size_t at = size / 5; at < size / 2; at += size / 8) {
    double error = fabs(direct_point(work[0], work[1], at) - work[2][at].re);
    report->worst = error > report->worst ? error : report->worst;
  }
}

int main(int argc, char **argv) {
  static Plan plans[PLANS];
  static Complex work[4][MOST];
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  uint64_t random = (seed + 1) * 0x9e3779b97f4a7c15u | 1;
  Report report = {0.0, 0.0, 0.0, 0};
  if (rounds <= 0)
    return fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]), 2;
  for (int i = 0; i < PLANS; i++)
    make_plan(&plans[i], (size_t)1 << (SMALLEST + i));
  for (long round = 0; round < rounds; round++)
    run_round(&plans[round % PLANS], work, &random, &report);
  printf("sum %.17g\npower %.17g\nworst error %.17g\npeaks %016llx\n", report.sum, report.power,
         report.worst, (unsigned long long)report.peaks);
  return 0;
}
