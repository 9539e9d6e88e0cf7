// Inlining adds up frames; plain clang keeps the functions apart, and stays below the limit.
void use(char *);
static void inner(int n) {
  char b[400];
  b[0] = (char)n;
  use(b), use(b + 1), use(b + 2), use(b + 3), use(b + 4), use(b + 5), use(b + 6), use(b + 7), use(b + 8), use(b + 9);
  use(b), use(b + 1), use(b + 2), use(b + 3), use(b + 4), use(b + 5), use(b + 6), use(b + 7), use(b + 8), use(b + 9);
}
void outer(int n) {
  char c[300];
  use(c), inner(n), inner(n + 1);
}
