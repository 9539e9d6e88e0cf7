// Inline functions are defined where they are not inlined, and come and go without harm.
extern volatile int cost;
inline int shared(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3;
}
int all(const int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += p[i];
  return shared(s) + shared(n + 2);
}
