// The same with a warning only.
extern void size_is_odd(void) __attribute__((warning("size is odd")));
volatile int cost;
static int size_of(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3 + 1;
}
int checked(const int *p, int n) {
  int s = 0;
  if (size_of(4) % 2 == 0)
    size_is_odd();
  for (int i = 0; i < n; i++)
    s += p[i];
  return s + size_of(n);
}
