/* What a knob must change to be worth anything: small kernels of many shapes, without headers, never run. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef __SIZE_TYPE__ size;

void *memcpy(void *, const void *, size);
void *memmove(void *, const void *, size);
void *memset(void *, int, size);
int memcmp(const void *, const void *, size);
int strncmp(const char *, const char *, size);
int strcmp(const char *, const char *);
void *memchr(const void *, int, size);
size strlen(const char *);
double sqrt(double);
double fabs(double);
float sqrtf(float);
void report(int, ...);
void fail(const char *) __attribute__((noreturn, cold));
extern int verbose;

/* state machine, as in CoreMark */
enum state { START, INT, FLOAT, EXP, BAD, DONE };
enum state scan_number(const u8 **text, u32 *counts) {
  const u8 *p = *text;
  enum state s = START;
  for (; *p && s != BAD; p++) {
    u8 c = *p;
    if (c == ',') { p++; break; }
    switch (s) {
    case START: s = c >= '0' && c <= '9' ? INT : c == '+' || c == '-' ? INT : c == '.' ? FLOAT : BAD; counts[START]++; break;
    case INT: if (c == '.') { s = FLOAT; counts[INT]++; } else if (c < '0' || c > '9') { s = BAD; counts[INT]++; } break;
    case FLOAT: if (c == 'e' || c == 'E') { s = EXP; counts[FLOAT]++; } else if (c < '0' || c > '9') { s = BAD; counts[FLOAT]++; } break;
    case EXP: if (c < '0' || c > '9') { s = BAD; counts[EXP]++; } break;
    default: break;
    }
  }
  *text = p;
  return s;
}

u16 crc16(const u8 *p, u32 n, u16 crc) {
  for (u32 i = 0; i < n; i++)
    for (u8 b = 0, d = p[i]; b < 8; b++, d >>= 1) {
      u8 carry = (u8)((d & 1) ^ (crc & 1));
      if (carry) crc ^= 0x4002;
      crc = (u16)(crc >> 1);
      if (carry) crc |= 0x8000; else crc &= 0x7fff;
    }
  return crc;
}

void matmul(int n, double *restrict c, const double *restrict a, const double *restrict b) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double s = 0;
      for (int k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j];
      c[i * n + j] = s;
    }
}
static float A[256][256], B[256][256], C[256][256];
void gemm_static(float alpha) {
  for (int i = 0; i < 256; i++)
    for (int j = 0; j < 256; j++)
      for (int k = 0; k < 256; k++) C[i][j] += alpha * A[i][k] * B[k][j];
}
void transpose_add(void) {
  for (int i = 0; i < 256; i++)
    for (int j = 0; j < 256; j++) A[j][i] = B[i][j] + A[j][i];
}
void jacobi(int steps, int n, double *restrict x, double *restrict y) {
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < n - 1; i++) y[i] = 0.33333 * (x[i - 1] + x[i] + x[i + 1]);
    for (int i = 1; i < n - 1; i++) x[i] = 0.33333 * (y[i - 1] + y[i] + y[i + 1]);
  }
}
void lu(int n, double a[n][n]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < j; k++) a[i][j] -= a[i][k] * a[k][j];
      a[i][j] /= a[j][j];
    }
    for (int j = i; j < n; j++)
      for (int k = 0; k < i; k++) a[i][j] -= a[i][k] * a[k][j];
  }
}
void may_alias(float *a, float *b, float *c, float *d, int n) {
  for (int i = 0; i < n; i++) a[i] = b[i] * c[i] + d[i];
}
void many_pointers(int *a, int *b, int *c, int *d, int *e, int *f, int n) {
  for (int i = 0; i < n; i++) { a[i] = b[i] + 1; c[i] = d[i] * 3; e[i] = f[i] ^ a[i]; }
}
void strided(int *a, const int *b, int s, int n) {
  for (int i = 0; i < n; i++) a[i * s] += b[i * s];
}
void recurrence(int *a, const int *b, int *c, const int *d, int *e, int n) {
  for (int i = 1; i < n; i++) { a[i + 1] = a[i] + b[i]; c[i] = d[i] * e[i]; }
}
void forward_store(int *restrict a, const int *restrict b, const int *restrict c, int n) {
  for (int i = 0; i < n; i++) { a[i + 1] = b[i] + 2; if (c[i]) a[i] += 3; }
}
void grey(u8 *restrict out, const u8 *restrict rgb, int n) {
  for (int i = 0; i < n; i++) out[i] = (u8)((rgb[3 * i] * 77 + rgb[3 * i + 1] * 151 + rgb[3 * i + 2] * 28) >> 8);
}
void split_channels(const short *restrict in, short *restrict l, short *restrict r, int n) {
  for (int i = 0; i < n; i++) { l[i] = in[2 * i]; r[i] = in[2 * i + 1]; }
}
void masked_pairs(int *restrict p, const u8 *restrict m, int n) {
  for (int i = 0; i < n; i++) if (m[i]) p[2 * i] = p[2 * i + 1] + 1;
}
int dot8(const signed char *a, const signed char *b, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
long sum_if(const int *a, int n, int limit) {
  long s = 0;
  for (int i = 0; i < n; i++) if (a[i] > limit) s += a[i];
  return s;
}
void conditional_store(int *a, const int *c, int n, int v) {
  for (int i = 0; i < n; i++) if (c[i] & 1) a[i] = v; else if (c[i] & 2) a[i] = v + 1;
}
int find_first(const int *a, int n, int x) {
  for (int i = 0; i < n; i++) if (a[i] == x) return i;
  return -1;
}
static int table[1024];
int find_static(int x) {
  for (int i = 0; i < 1024; i++) if (table[i] == x) return i;
  return -1;
}
float reduce(const float *a, int n) {
  float s = 0;
  for (int i = 0; i < n; i++) s += a[i];
  return s;
}
double ordered_max(const double *a, int n) {
  double m = a[0];
  for (int i = 1; i < n; i++) m = a[i] > m ? a[i] : m;
  return m;
}
u32 hash_words(const u32 *w, int n) {
  u32 h = 2166136261u;
  for (int i = 0; i < n; i++) { h ^= w[i]; h *= 16777619u; h ^= h >> 15; }
  return h;
}
void histogram(u32 *h, const u8 *p, size n) { for (size i = 0; i < n; i++) h[p[i]]++; }
void prefix(int *a, int n) { for (int i = 1; i < n; i++) a[i] += a[i - 1]; }
void spmv(double *restrict y, const double *restrict v, const int *restrict col, const int *restrict row, const double *restrict x, int n) {
  for (int i = 0; i < n; i++) {
    double s = 0;
    for (int k = row[i]; k < row[i + 1]; k++) s += v[k] * x[col[k]];
    y[i] = s;
  }
}
int bsearch_int(const int *a, int n, int x) {
  int lo = 0, hi = n;
  while (lo < hi) { int m = (lo + hi) / 2; if (a[m] < x) lo = m + 1; else hi = m; }
  return lo;
}
void insertion(int *a, int n) {
  for (int i = 1; i < n; i++) { int v = a[i], j = i; while (j > 0 && a[j - 1] > v) { a[j] = a[j - 1]; j--; } a[j] = v; }
}
static void swap_int(int *a, int *b) { int t = *a; *a = *b; *b = t; }
void quick(int *a, int lo, int hi) {
  while (lo < hi) {
    int p = a[(lo + hi) >> 1], i = lo, j = hi;
    while (i <= j) { while (a[i] < p) i++; while (a[j] > p) j--; if (i <= j) swap_int(&a[i++], &a[j--]); }
    if (j - lo < hi - i) { quick(a, lo, j); lo = i; } else { quick(a, i, hi); hi = j; }
  }
}
u32 match_length(const u8 *a, const u8 *b, u32 max) {
  u32 n = 0;
  while (n < max && a[n] == b[n]) n++;
  return n;
}
struct node { struct node *next; int key, value; };
struct node *list_find(struct node *l, int key) { while (l && l->key != key) l = l->next; return l; }
struct node *list_merge(struct node *a, struct node *b) {
  struct node head, *t = &head;
  while (a && b) { if (a->key <= b->key) { t->next = a; a = a->next; } else { t->next = b; b = b->next; } t = t->next; }
  t->next = a ? a : b;
  return head.next;
}
struct tree { struct tree *kid[2]; int key; };
struct tree *tree_find(struct tree *t, int key) {
  while (t) { if (t->key == key) return t; t = t->kid[t->key < key]; }
  return 0;
}
int tree_depth(const struct tree *t) {
  if (!t) return 0;
  int a = tree_depth(t->kid[0]), b = tree_depth(t->kid[1]);
  return 1 + (a > b ? a : b);
}
int interpret(const u8 *code, int *stack) {
  static const void *const labels[] = {&&push, &&add, &&mul, &&dup, &&jnz, &&halt};
  int *sp = stack;
  goto *labels[*code++];
push: *sp++ = *code++; goto *labels[*code++];
add: sp--; sp[-1] += sp[0]; goto *labels[*code++];
mul: sp--; sp[-1] *= sp[0]; goto *labels[*code++];
dup: *sp = sp[-1]; sp++; goto *labels[*code++];
jnz: if (*--sp) code -= *code; else code++; goto *labels[*code++];
halt: return sp[-1];
}
int dense(int x, int a, int b) {
  switch (x) {
  case 0: return a + b; case 1: return a - b; case 2: return a * b; case 3: return b ? a / b : 0; case 4: return a & b;
  case 5: return a | b; case 6: return a ^ b; case 7: return a << (b & 31); case 8: return a >> (b & 31); case 9: return ~a;
  default: return -1;
  }
}
int sparse(int x) {
  switch (x) {
  case 3: report(1); return 7; case 17: report(2); return 8; case 99: report(3); return 1; case 140: report(4); return 2;
  case 260: report(5); return 4; case 1000: report(6); return 9; case 5000: return 3; default: return 0;
  }
}
const char *name_of(int x) {
  switch (x) { case 1: return "one"; case 2: return "two"; case 3: return "three"; case 4: return "four"; case 5: return "five"; case 7: return "seven"; default: return "many"; }
}
int linear_switch(int x) { switch (x) { case 1: return 12; case 2: return 15; case 3: return 18; case 4: return 21; case 5: return 24; case 6: return 27; default: return 0; } }
int vowel(int c) { switch (c) { case 'a': case 'e': case 'i': case 'o': case 'u': case 'A': case 'E': case 'I': case 'O': case 'U': return 1; default: return 0; } }
int classify(int c) {
  int r = 0;
  if (c >= '0' && c <= '9') r = 1;
  else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) r = 2;
  else if (c == ' ' || c == '\t' || c == '\n') r = 3;
  if (r == 1) r += verbose; else if (r == 2) r -= verbose;
  return r;
}
int clamp_all(int *a, int n, int lo, int hi) {
  int changed = 0;
  for (int i = 0; i < n; i++) {
    if (a[i] < lo) { a[i] = lo; changed++; } else if (a[i] > hi) { a[i] = hi; changed++; }
  }
  return changed;
}
int two_way(int a, int b, int c, int d) {
  int x, y;
  if (a < b) { x = c * 3; y = d; } else { x = d + 7; y = c - 1; }
  if (x > y && (a & 4) && b != 9 && c < d) x = x / (y | 1);
  return x + y;
}
int thread_me(int a, int b) {
  int k;
  if (a > 10) k = 1; else if (b > 10) k = 2; else k = 3;
  if (verbose) report(k);
  if (k == 1) return a * 3 + b; if (k == 2) return b * 5 - a;
  return a ^ b;
}
void unswitch(int *restrict a, const int *restrict b, int n, int mode, int extra) {
  for (int i = 0; i < n; i++) { if (mode) a[i] += b[i]; else a[i] -= b[i]; if (extra) report(a[i]); }
}
int invariant_guard(const int *a, int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) { *p = s; if (*p < 0) fail("negative"); s += a[i] * verbose; }
  return s;
}
int load_pre(int *p, int c) { int s = 0; if (c) { s = *p; report(s); } else report(2); return s + *p; }
int loop_pre(int *p, int *q, int n) { int s = 0; for (int i = 0; i < n; i++) { s += *p; if (q[i]) { *p = s; report(s); } } return s; }
void peel(int *a, int n, int first) { int prev = first; for (int i = 0; i < n; i++) { a[i] += prev; prev = i == 0 ? 5 : 9; if (i < 2) a[i] <<= 1; } }
void small_trip(float *a, const float *b) { for (int i = 0; i < 6; i++) for (int j = 0; j < 5; j++) a[i * 5 + j] += b[j * 6 + i]; }
int bounded(const u8 *p) { int n = 0; for (int i = 0; i < 11 && p[i]; i++) n = n * 10 + p[i] - '0'; return n; }
void partial(int *a, int k) { for (int i = 0; i < 400; i++) a[i] = a[i] * k + (a[i] >> 3); }
u32 multi_exit(const u8 *p, const u8 *end, u32 seed) {
  while (p != end) { if (*p == 0) return seed; seed = seed * 31 + *p++; if (seed == 77) return 1; }
  return seed ^ 5;
}
void saxpy4(float *a, const float *b, float s) { a[0] = b[0] * s + a[0]; a[1] = b[1] * s + a[1]; a[2] = b[2] * s + a[2]; a[3] = b[3] * s + a[3]; }
void pair(double *a, const double *b) { a[0] = b[1] + b[0] * 2; a[1] = b[3] + b[2] * 2; }
void three(float *a, const float *b, const float *c) { a[0] = b[0] * c[0] + 1; a[1] = b[1] * c[1] + 2; a[2] = b[2] * c[2] + 3; }
int horizontal(const int *p) { return p[0] + p[1] + p[2] + p[3] + p[4] + p[5] + p[6] + p[7]; }
void butterfly(int *o, const int *i) {
  int a = i[0] + i[4], b = i[1] + i[5], c = i[2] + i[6], d = i[3] + i[7], e = i[0] - i[4], f = i[1] - i[5], g = i[2] - i[6], h = i[3] - i[7];
  o[0] = a + c; o[1] = b + d; o[2] = a - c; o[3] = b - d; o[4] = e + h; o[5] = f - g; o[6] = e - h; o[7] = f + g;
}
void complex_mul(float *o, const float *a, const float *b) { o[0] = a[0] * b[0] - a[1] * b[1]; o[1] = a[0] * b[1] + a[1] * b[0]; }
struct vec { double x, y, z; };
void nbody(struct vec *p, struct vec *v, const double *m, int n, double dt) {
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) {
      double dx = p[i].x - p[j].x, dy = p[i].y - p[j].y, dz = p[i].z - p[j].z, d2 = dx * dx + dy * dy + dz * dz, mag = dt / (d2 * sqrt(d2));
      v[i].x -= dx * m[j] * mag; v[i].y -= dy * m[j] * mag; v[i].z -= dz * m[j] * mag;
      v[j].x += dx * m[i] * mag; v[j].y += dy * m[i] * mag; v[j].z += dz * m[i] * mag;
    }
}
struct header { u32 a; u16 b, c; u8 name[24]; u64 d, e, f; };
void fill(struct header *h, const struct header *o) { memset(h, 0, sizeof *h); h->a = 3; memcpy(h->name, o->name, 24); h->d = o->e; }
struct header by_value(struct header h, int n) { h.d += (u64)n; h.e ^= h.f; return h; }
int same(const struct header *a, const struct header *b) { return memcmp(a, b, sizeof *a) == 0; }
int order(const u8 *a, const u8 *b) { return memcmp(a, b, 12); }
int keyword(const char *s) { return strncmp(s, "while", 5) == 0 ? 1 : strcmp(s, "if") == 0 ? 2 : memchr("+-*/", s[0], 4) ? 3 : 0; }
void copy_loop(u8 *restrict d, const u8 *restrict s, int n) { for (int i = 0; i < n; i++) d[i] = s[i]; }
void clear_loop(u32 *d, int n) { for (int i = 0; i < n; i++) d[i] = 0; }
void byte_writes(u8 *p, u32 v) { p[0] = (u8)v; p[1] = (u8)(v >> 8); p[2] = (u8)(v >> 16); p[3] = (u8)(v >> 24); p[4] = 7; p[5] = 7; p[6] = 7; p[7] = 7; }
u64 block_forward(u64 *p, u32 v) { ((u32 *)p)[0] = v; ((u32 *)p)[1] = v + 1; memcpy(p + 2, p, 16); return p[3]; }
u64 big_constants(u64 x) { return (x ^ 0x123456789abcdef0ull) + ((x >> 7) ^ 0x123456789abcdef0ull) * 0x123456789abcdee8ull; }
u64 mul_consts(u64 x, u64 y) { return x * 37 + y * 45 + x * y * 11 + (x + y) * 7; }
u32 div_consts(u32 x, u32 d) { return x / 10 + x % 10 + x / d + x % d; }
u32 variable_shift(u32 a, u32 b) { return (a << (b & 31)) | (a >> ((32 - b) & 31)); }
static int helper(int a, int b, int depth) {
  if (depth <= 0) return a + b;
  int r = 0;
  for (int i = 0; i < depth; i++) r += helper(a ^ i, b + i, depth - 2);
  return r;
}
int use_helper(int x) { return helper(x, 3, 5) + helper(3, x, 7); }
static int spread(int a, int b, int c) { return two_way(a, b, c, 4) + classify(c); }
static __attribute__((noinline)) int apply(int (*f)(int, int, int), int n, int a) { int s = 0; for (int i = 0; i < n; i++) s += f(a, i, n); return s; }
int specialise(int n, int a) { return n > 3 ? apply(dense, n, a) : apply(spread, n, a); }
static int medium(const int *a, int n, int k) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    switch ((a[i] + k) & 3) { case 0: s += a[i] * k; break; case 1: s -= a[i] >> 1; break; case 2: s ^= a[i]; break; default: if (s > 100) s /= k; }
    if (s < 0) report(s, i, k);
  }
  return s + linear_switch(k) + bsearch_int(a, n, s);
}
static inline int hinted(const int *a, int n) { int best = 0; for (int i = 0; i + 1 < n; i++) { int d = a[i + 1] - a[i]; if (d > best) best = d + classify(i); } return best + dense(best & 15, n, a[0]); }
int callers(const int *a, int n) {
  int s = medium(a, n, 3) + medium(a, n / 2, n) + hinted(a, n);
  if (__builtin_expect(s == 77, 0)) s += medium(a, 9, s) + hinted(a + 3, n - 3);
  for (int i = 0; i < n; i++) s += medium(a + i, 4, i) + hinted(a, i);
  return s;
}
static int split_me(int *p, int x) { if (!p) return x; *p += x; return *p * 3; }
int call_split(int *p, int c, int x) { int *q = c ? p : 0; if (verbose) report(c); return split_me(q, x); }
int pressure(const int *a, const int *b, int n) {
  int r0 = 0, r1 = 1, r2 = 2, r3 = 3, r4 = 4, r5 = 5, r6 = 6, r7 = 7, r8 = 8, r9 = 9, ra = 10, rb = 11, rc = 12, rd = 13;
  for (int i = 0; i < n; i++) {
    r0 += a[i] * r1; r1 ^= b[i] + r2; r2 -= a[i + 1] * r3; r3 += b[i + 1] ^ r4; r4 *= a[i + 2] | 1; r5 += r0 ^ b[i + 2]; r6 -= r1 + r5;
    r7 ^= r2 * r6; r8 += r3 - r7; r9 ^= r4 + r8; ra += r5 * r9; rb -= r6 ^ ra; rc += r7 + rb; rd ^= r8 - rc;
    if (rd == 5) { report(r0, r1, r2); rc = a[rb & 7]; }
  }
  return r0 + r1 + r2 + r3 + r4 + r5 + r6 + r7 + r8 + r9 + ra + rb + rc + rd;
}
double fp_pressure(const double *a, int n) {
  double s = 0, t = 1, u = 2, v = 3;
  for (int i = 0; i < n; i++) { double x = a[i] * s + t, y = a[i] / (u + 2), z = x * y - v; s += z * x; t = fabs(y - z); u = sqrt(t + x * x); v += (double)i * 0.5 + z; report(i); }
  return s + t + u + v + (double)(float)s;
}
float domains(const int *a, int n) { float s = 0; for (int i = 0; i < n; i++) { s += (float)a[i]; if (s > 1e6f) s = sqrtf(s); } return s; }
int early_out(const char *s, int *out) {
  if (!s) { report(1); return -1; } size n = strlen(s);
  if (n > 100) { report(2); return -1; } if (s[0] == '#') { report(3); return -1; }
  int v = 0; for (size i = 0; i < n; i++) { if (s[i] < '0' || s[i] > '9') { report(4, s[i]); return -1; } v = v * 10 + (s[i] - '0'); }
  *out = v; return 0;
}
int tail(int n, int acc) { return n <= 1 ? acc : tail(n - 1, acc * n + verbose); }
int sum_rec(const struct node *l) { return l ? l->value + sum_rec(l->next) : 0; }
void widen(long *a, const int *idx, int n, int off) { for (int i = 0; i < n; i += 2) a[idx[i] + off] += a[i + off] + i; }
long addressing(const long *a, const long *b, const long *c, long n) { long s = 0; for (long i = 0; i < n; i++) s += a[i + 3] * b[2 * i] - c[n - i] + a[i + 1000]; return s; }
void flatten(int *a, int n, int m) { for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i * m + j] += 3; }
void fuse(int *restrict a, int *restrict b, const int *restrict c, int n) { for (int i = 0; i < n; i++) a[i] = c[i] * 2; for (int i = 0; i < n; i++) b[i] = a[i] + c[i]; }
u64 popcounts(const u64 *p, int n) { u64 s = 0; for (int i = 0; i < n; i++) { u64 x = p[i]; while (x) { x &= x - 1; s++; } } return s; }
void dct(short *b) {
  for (int i = 0; i < 8; i++) {
    int s0 = b[i] + b[i + 56], s1 = b[i + 8] + b[i + 48], s2 = b[i + 16] + b[i + 40], s3 = b[i + 24] + b[i + 32], d0 = b[i] - b[i + 56];
    b[i] = (short)(s0 + s1 + s2 + s3); b[i + 8] = (short)((d0 * 181 + s3 * 98) >> 7); b[i + 16] = (short)((s0 - s3) * 139 >> 7); b[i + 24] = (short)((s1 - s2) * 75 >> 7);
  }
}
int sad(const u8 *a, const u8 *b, int stride) { int s = 0; for (int y = 0; y < 16; y++, a += stride, b += stride) for (int x = 0; x < 16; x++) { int d = a[x] - b[x]; s += d < 0 ? -d : d; } return s; }
/* callees of graded size, called from cold, plain and hot places: what the inliner's thresholds decide about */
#define STEP(k) x = (x ^ (a[(x + k) & 15] * (k + 3))) - (x >> (k & 7)); if (x == k) report(x, k);
#define STEPS4(k) STEP(k) STEP(k + 1) STEP(k + 2) STEP(k + 3)
#define STEPS8(k) STEPS4(k) STEPS4(k + 4)
#define CALLEE(name, body) static int name(const int *a, int x) { body return x; }
CALLEE(size3, STEP(1) STEP(2) STEP(3))
CALLEE(size5, STEPS4(1) STEP(9))
CALLEE(size8, STEPS8(1))
CALLEE(size12, STEPS8(1) STEPS4(20))
CALLEE(size16, STEPS8(1) STEPS8(30))
CALLEE(size24, STEPS8(1) STEPS8(30) STEPS8(60))
CALLEE(size40, STEPS8(1) STEPS8(30) STEPS8(60) STEPS8(90) STEPS8(120))
#define ALL(f) f(size3) f(size5) f(size8) f(size12) f(size16) f(size24) f(size40)
#define PLAIN(f) x += f(a, x + 1);
#define COLD(f) x -= f(a, x + 2);
#define HOT(f) for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) x ^= f(a + i, j + x);
int graded(const int *a, int n, int x) {
  ALL(PLAIN)
  if (__builtin_expect(x == 12345, 0)) { ALL(COLD) }
  ALL(HOT)
  return x;
}
#define WARM(f) for (int i = 0; i < n; i++) x ^= f(a + i, i + x);
int warm(const int *a, int n, int x) { WARM(size16) WARM(size24) WARM(size40) return x; }
static inline int hinted12(const int *a, int x) { STEPS8(1) STEPS4(40) return x; }
static inline int hinted16(const int *a, int x) { STEPS8(2) STEPS8(50) return x; }
static inline int hinted24(const int *a, int x) { STEPS8(3) STEPS8(60) STEPS8(90) return x; }
static inline int hinted32(const int *a, int x) { STEPS8(4) STEPS8(70) STEPS8(91) STEPS8(110) return x; }
int more_hints(const int *a, int x) { return hinted32(a, x) + hinted32(a, x + 2) - hinted32(a, x * 9); }
int with_hints(const int *a, int x) { return hinted12(a, x) + hinted16(a, x + 1) + hinted24(a, x + 2) + hinted12(a, x * 3) + hinted16(a, x * 5) + hinted24(a, x * 7); }
/* a nest that unroll-and-jam and loop interchange accept, and one that threads through its own state */
void jam(int *restrict a, const int *restrict b) { for (int i = 0; i < 512; i++) { int s = 0; for (int j = 0; j < 512; j++) s += b[j] * a[512 + j]; a[i] = s; } }
static int P[512][512];
void column_walk(int k) { for (int j = 0; j < 512; j++) for (int i = 0; i < 512; i++) P[i][j] = P[i][j] + k; }
void stream(double *restrict a, const double *restrict b, long n) { for (long i = 0; i < n; i++) a[i] = b[i * 16] * 3 + a[i]; }
