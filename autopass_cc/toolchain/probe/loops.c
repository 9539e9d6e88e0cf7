/* Vectorising, interchange-shaped, distributed and strided loops; aliasing that must stay unknown. */
#include <stddef.h>
#include <stdint.h>

void saxpy(float *restrict y, const float *restrict x, float a, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

int sum_strided(const int *v, int n, int stride) {
  int s = 0;
  for (int i = 0; i < n; i += stride)
    s += v[i] * (i & 3);
  return s;
}

void multiply(double a[32][32], double b[32][32], double c[32][32]) {
  for (int i = 0; i < 32; i++)
    for (int j = 0; j < 32; j++) {
      double s = 0;
      for (int k = 0; k < 32; k++)
        s += a[i][k] * b[k][j];
      c[i][j] = s;
    }
}

void two_in_one(int *a, int *b, const int *c, const int *d, int n) {
  for (int i = 1; i < n; i++) {
    a[i] = a[i - 1] + c[i];
    b[i] = d[i] * 3;
  }
}

uint8_t saturate(const uint8_t *in, uint8_t *out, unsigned n, unsigned gain) {
  unsigned peak = 0;
  for (unsigned i = 0; i < n; i++) {
    unsigned v = in[i] * gain >> 4;
    out[i] = v > 255 ? 255 : (uint8_t)v;
    peak = v > peak ? v : peak;
  }
  return (uint8_t)peak;
}

long find(const long *v, long n, long wanted) {
  for (long i = 0; i < n; i++)
    if (v[i] == wanted)
      return i;
  return -1;
}
