// The pragma is honoured at -O2 and -O3.
void scale(float *a, const float *b, int n) {
#pragma clang loop vectorize(enable)
  for (int i = 0; i < n; i++)
    a[i] = b[i] * 2.0f;
}
