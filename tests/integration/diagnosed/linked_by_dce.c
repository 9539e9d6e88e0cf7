// The program links because the optimiser drops a call of something that is nowhere defined.
void nowhere_defined(void);
volatile int cost;
static int feature(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3 - 12;
}
int start(const int *p, int n) {
  int s = 0;
  if (feature(4))
    nowhere_defined();
  for (int i = 0; i < n; i++)
    s += p[i];
  return s + feature(n);
}
