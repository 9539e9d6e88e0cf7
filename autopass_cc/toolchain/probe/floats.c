/* Floating point: library calls, contraction, comparisons, conversions, complex numbers. */
#include <complex.h>
#include <math.h>

double norm(const double *v, int n) {
  double s = 0;
  for (int i = 0; i < n; i++)
    s = fma(v[i], v[i], s);
  return sqrt(s);
}

float clampf(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }

int classify(double x) {
  if (isnan(x))
    return -1;
  return x == floor(x) ? (int)x & 7 : 8;
}

double _Complex rotate(double _Complex z, double angle) { return z * cexp(angle * I); }

void gravity(const float *x, const float *y, float *fx, float *fy, int n) {
  for (int i = 0; i < n; i++) {
    float ax = 0, ay = 0;
    for (int j = 0; j < n; j++) {
      float dx = x[j] - x[i], dy = y[j] - y[i];
      float inv = 1.0f / sqrtf(dx * dx + dy * dy + 1e-6f);
      ax += dx * inv * inv * inv;
      ay += dy * inv * inv * inv;
    }
    fx[i] = ax;
    fy[i] = ay;
  }
}

double series(double x) { return pow(x, 2.0) + exp2(x) + log(x * x) + fabs(-x) + copysign(1.0, x); }
