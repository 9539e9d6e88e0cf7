/* Attributes that steer the optimiser: hot, cold, size, inlining, purity, unlikely branches, and code that opts out. */
extern void fail(const char *why) __attribute__((cold, noreturn));
extern void note(int);

static int heavy(int x) {
  for (int i = 0; i < 7; i++)
    x = (x * 31 + i) ^ (x >> 3);
  return x;
}

/* Bodies of a cost between the inliner's threshold for cold code (45) and that of -O3 (250). */
static __attribute__((cold)) int cold_helper(int x, int y) {
  if (x > y)
    note(x * y + 3);
  if (x < -y)
    note(y - x * 5);
  note(x ^ y);
  note(x + 2 * y);
  return heavy(x) - y / 3;
}

__attribute__((cold)) int on_error(int x) { return cold_helper(x, 4) + cold_helper(x + 1, x); }
__attribute__((hot)) int often(int x) { return heavy(x) + heavy(x + 1) + (x < -999 ? cold_helper(x, 2) : 0); }
__attribute__((minsize)) int smallest(int x) { return heavy(x) * 8 + heavy(x / 2) + cold_helper(x, 1); }
__attribute__((noinline)) int apart(int x) { return heavy(x) % 10; }
static inline __attribute__((always_inline)) int forced(int x) { return x * x + apart(x); }
__attribute__((pure)) int length_of(const int *v) {
  int n = 0;
  while (v[n])
    n++;
  return n;
}

int checked(const int *v, int i) {
  if (__builtin_expect(i < 0 || i >= length_of(v), 0))
    fail("index");
  return v[i] + forced(i);
}

__attribute__((optnone, noinline)) int untouched(int x) {
  int y = x;
  for (int i = 0; i < 3; i++)
    y += i * x;
  return y;
}

static __attribute__((used, section("probe"))) int kept = 7;
__attribute__((weak)) int overridable(void) { return kept; }
int user(void) { return overridable() + untouched(3); }
__attribute__((constructor)) static void at_start(void) { kept = apart(kept); }

static int big_once(int a, int b, int c) {
  int r = a;
  for (int i = 0; i < b; i++) {
    note(r);
    if (r & 1)
      note(c + i);
    else if (r & 2)
      note(c - i);
    else if (r & 4)
      note(c * i);
    r = heavy(r) + c;
  }
  return r;
}
int twice(int a, int b) {
  int s = 0;
  for (int i = 0; i < a; i++)
    s += big_once(i, b, s);
  return s + big_once(s, a, b);
}
