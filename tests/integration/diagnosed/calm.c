// Nothing here depends on the optimiser but the code.
int calm(const int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += p[i] > 3 ? p[i] : -p[i];
  return s;
}
