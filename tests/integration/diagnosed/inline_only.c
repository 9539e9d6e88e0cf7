// C's inline without an external definition: each call that is not inlined is undefined.
volatile int cost;
inline int helper(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3;
}
int twice(const int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += p[i];
  return helper(s) + helper(n);
}
