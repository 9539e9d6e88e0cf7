// The pragma is not honoured, because the call is not inlined: plain clang warns.
#define STEP(k) x = (x * k ^ x >> 3) + (x << 2 | k);
static int twist(int x) {
  STEP(3) STEP(5) STEP(7) STEP(9) STEP(11) STEP(13) STEP(15) STEP(17) STEP(19) STEP(21) STEP(23)
  STEP(33) STEP(35) STEP(37) STEP(39) STEP(41) STEP(43) STEP(45) STEP(47) STEP(49) STEP(51) STEP(53)
  return x;
}
void all(int *restrict a, const int *restrict b, int n) {
#pragma clang loop vectorize(enable) interleave(enable)
  for (int i = 0; i < n; i++)
    a[i] = twist(b[i]);
}
int again(int x) { return twist(x) + twist(x + 1); }
