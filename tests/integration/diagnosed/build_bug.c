// Like the kernel's BUILD_BUG_ON: the call is gone once the check is inlined and folded.
extern void size_is_wrong(void) __attribute__((error("size is wrong")));
extern void size_is_odd(void) __attribute__((warning("size is odd")));
volatile int cost;
static int size_of(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3 + 1;
}
int checked(const int *p, int n) {
  int s = 0;
  if (size_of(4) != 13)
    size_is_wrong();
  for (int i = 0; i < n; i++)
    s += p[i];
  return s + size_of(n);
}
