// The pragma is honoured where the bound becomes a constant by inlining.
volatile int cost;
static int sum(const int *p, int n) {
  int s = 0;
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
#pragma clang loop unroll(full)
  for (int i = 0; i < n; i++)
    s += p[i] * i;
  return s;
}
int both(const int *p) { return sum(p, 5) - sum(p + 8, 7); }
