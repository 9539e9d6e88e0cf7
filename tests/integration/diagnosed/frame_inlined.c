// The other way round: plain clang inlines and warns.
void use(char *);
static void inner(int n) {
  char b[400];
  b[0] = (char)n;
  use(b), use(b + 1);
}
void outer(int n) {
  char c[300];
  use(c), inner(n), inner(n + 1);
}
