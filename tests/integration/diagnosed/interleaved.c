// The pragma is not honoured, because the call is not inlined: plain clang warns.
volatile int cost;
static int twist(int x) {
  return x * 3 + (x << 2 ^ x >> 3) * 7 - (x * 5 | x << 4) * 9 + (x * 11 ^ x >> 5) * 13 - (x * 15 & x << 6) * 17 +
         (x * 19 ^ x >> 7) * 21 - (x * 23 | x << 8) * 25 + (x * 27 ^ x >> 9) * 29 - (x * 31 & x << 10) * 33 +
         (x * 35 ^ x >> 11) * 37 - (x * 39 | x << 12) * 41 + (x * 43 ^ x >> 13) * 45 - (x * 47 & x << 14) * 49;
}
void all(int *restrict a, const int *restrict b, int n) {
#pragma clang loop vectorize(enable) interleave(enable)
  for (int i = 0; i < n; i++)
    a[i] = twist(b[i]);
}
int again(int x) { return twist(x) + twist(x + 1); }
