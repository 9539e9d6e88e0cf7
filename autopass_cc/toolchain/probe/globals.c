/* Initialised, constant, mergeable and dead globals; static functions with constant arguments. */
static int never_written = 5;
static int only_stored;
static const int squares[] = {0, 1, 4, 9, 16, 25, 36, 49};
static const char *const names[] = {"alpha", "beta", "gamma", "delta"};
const char greeting[] = "hello, world";
static int (*table[3])(int);

static int scaled(int x, int factor, int unused) {
  (void)unused;
  return x * factor + never_written;
}
static int up(int x) { return scaled(x, 3, 1); }
static int down(int x) { return scaled(x, 3, 2); }
static int dead(int x) { return scaled(x, 4, 2); }

void fill(int which) {
  only_stored = which;
  table[0] = up;
  table[1] = down;
  table[2] = which > 100000 ? dead : up;
}

int call(int which, int x) { return table[which % 3](x) + squares[x & 7]; }
const char *nth(int n) { return names[n & 3]; }

struct point {
  int x, y, z;
};
static int length(struct point *p) { return p->x * p->x + p->y * p->y; }
int distance(int a, int b) {
  struct point p = {a, b, 0};
  return length(&p);
}

int structs(struct point *p, int n) {
  struct point best = p[0];
  for (int i = 1; i < n; i++)
    if (length(&p[i]) > length(&best))
      best = p[i];
  return best.z;
}
