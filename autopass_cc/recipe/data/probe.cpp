// The C++ half of the probe: templates, virtual calls, exceptions, small containers; without headers, never run.
using size = decltype(sizeof 0);
extern "C" void *memmove(void *, const void *, size);
extern "C" void report(int);
extern "C" double sin(double);

template <class T> struct Vector {
  T *data = nullptr;
  size count = 0, room = 0;
  ~Vector() { delete[] data; }
  T &operator[](size i) { return data[i]; }
  const T &operator[](size i) const { return data[i]; }
  void push(const T &v) {
    if (count == room) grow();
    data[count++] = v;
  }
  void grow() {
    room = room ? room * 2 : 4;
    T *more = new T[room];
    for (size i = 0; i < count; i++) more[i] = data[i];
    delete[] data;
    data = more;
  }
  T *begin() { return data; }
  T *end() { return data + count; }
};
struct Shape {
  virtual ~Shape() {}
  virtual double area() const = 0;
  virtual int sides() const { return 0; }
};
struct Circle final : Shape {
  double r = 1;
  double area() const override { return 3.14159 * r * r; }
};
struct Box : Shape {
  double w = 1, h = 2;
  double area() const override { return w * h; }
  int sides() const override { return 4; }
};
double total(Shape *const *s, int n) {
  double t = 0;
  for (int i = 0; i < n; i++)
    if (s[i]->sides() != 3) t += s[i]->area();
  return t;
}
double local_shapes(int n) {
  double t = 0;
  for (int i = 0; i < n; i++) {
    Box b;
    b.w = i;
    Shape *s = &b;
    t += s->area() * s->sides();
  }
  return t;
}
struct Map {
  struct Slot { unsigned key; int value; bool used; };
  Vector<Slot> slots;
  unsigned mask = 0;
  int *find(unsigned k) {
    for (unsigned i = (k * 2654435761u) & mask;; i = (i + 1) & mask) {
      if (!slots[i].used) return nullptr;
      if (slots[i].key == k) return &slots[i].value;
    }
  }
};
int lookups(Map &m, const unsigned *k, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    if (int *v = m.find(k[i])) s += *v;
    else s--;
  return s;
}
template <class T, class F> void sort(T *a, int n, F less) {
  for (int gap = n / 2; gap > 0; gap /= 2)
    for (int i = gap; i < n; i++) {
      T v = a[i];
      int j = i;
      for (; j >= gap && less(v, a[j - gap]); j -= gap) a[j] = a[j - gap];
      a[j] = v;
    }
}
struct Item { double weight; int id; };
void sort_items(Item *a, int n) { sort(a, n, [](const Item &x, const Item &y) { return x.weight < y.weight; }); }
void sort_ints(int *a, int n) { sort(a, n, [](int x, int y) { return x > y; }); }
struct String {
  char small[16];
  char *text;
  size length;
  String() : text(small), length(0) { small[0] = 0; }
  ~String() { if (text != small) delete[] text; }
  void append(const char *s, size n) {
    if (length + n >= 16) {
      char *t = new char[length + n + 1];
      memmove(t, text, length);
      if (text != small) delete[] text;
      text = t;
    }
    memmove(text + length, s, n);
    length += n;
    text[length] = 0;
  }
};
int build(const char *const *words, int n) {
  String s;
  for (int i = 0; i < n; i++) {
    size k = 0;
    while (words[i][k]) k++;
    s.append(words[i], k);
  }
  return (int)s.length;
}
struct Error { int code; };
int parse(const char *p) {
  int v = 0;
  for (; *p; p++) {
    if (*p < '0' || *p > '9') throw Error{*p};
    v = v * 10 + *p - '0';
  }
  return v;
}
int guarded(const char *const *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    try { s += parse(p[i]); } catch (const Error &e) { report(e.code); s--; }
  }
  return s;
}
template <int N> struct Matrix {
  double m[N][N];
  Matrix operator*(const Matrix &o) const {
    Matrix r{};
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++)
        for (int k = 0; k < N; k++) r.m[i][j] += m[i][k] * o.m[k][j];
    return r;
  }
};
Matrix<4> cube4(const Matrix<4> &a) { return a * a * a; }
Matrix<3> cube3(const Matrix<3> &a) { return a * a * a; }
// an element loop over a mesh, as in LULESH: many small inlinable pieces
static double volume(const double *x, const double *y, const double *z) {
  double dx = x[6] - x[1], dy = y[6] - y[1], dz = z[6] - z[1], ex = x[3] - x[2], ey = y[3] - y[2], ez = z[3] - z[2];
  double fx = x[7] - x[0], fy = y[7] - y[0], fz = z[7] - z[0];
  return (dx * (ey * fz - ez * fy) + dy * (ez * fx - ex * fz) + dz * (ex * fy - ey * fx)) / 12;
}
static void gather(const int *n, const double *c, double *o) { for (int i = 0; i < 8; i++) o[i] = c[n[i]]; }
static void strain(const double *x, const double *y, const double *z, double *b, double *v) {
  double a = .125 * ((x[6] - x[0]) + (x[5] - x[3]) - (x[7] - x[1]) - (x[4] - x[2]));
  double c = .125 * ((y[6] - y[0]) + (y[5] - y[3]) - (y[7] - y[1]) - (y[4] - y[2]));
  double d = .125 * ((z[6] - z[0]) + (z[5] - z[3]) - (z[7] - z[1]) - (z[4] - z[2]));
  for (int i = 0; i < 8; i++) b[i] = i & 1 ? -a * c : a * d;
  *v = 8 * (a * c + c * d + d * a);
}
void elements(const int (*n)[8], const double *x, const double *y, const double *z, double *out, int count) {
  for (int e = 0; e < count; e++) {
    double lx[8], ly[8], lz[8], b[8], v;
    gather(n[e], x, lx);
    gather(n[e], y, ly);
    gather(n[e], z, lz);
    strain(lx, ly, lz, b, &v);
    out[e] = volume(lx, ly, lz) + v;
    for (double q : b) out[e] += q;
    if (out[e] <= 0) report(e);
  }
}
int use_vector(int n) {
  Vector<int> v;
  for (int i = 0; i < n; i++) v.push(i * i);
  int s = 0;
  for (int x : v) s += x & 3 ? x : -x;
  return s;
}

// A threaded interpreter with more ways in and out of its dispatch than tail duplication copies by itself.
#define LABELS(a, b, c, d) &&a, &&b, &&c, &&d
#define STEP(name, n) name: acc = acc * n + code[1]; code += n % 3 + 1; goto *labels[*code];
unsigned threaded(const unsigned char *code, unsigned acc) {
  static const void *const labels[] = {LABELS(a, b, c, d), LABELS(e, f, g, h), LABELS(i, j, k, l), LABELS(m, n, o, p), LABELS(q, r, s, end)};
  goto *labels[*code];
  STEP(a, 3) STEP(b, 5) STEP(c, 7) STEP(d, 9) STEP(e, 11) STEP(f, 13) STEP(g, 15) STEP(h, 17) STEP(i, 19) STEP(j, 21)
  STEP(k, 23) STEP(l, 25) STEP(m, 27) STEP(n, 29) STEP(o, 31) STEP(p, 33) STEP(q, 35) STEP(r, 37) STEP(s, 39)
end:
  return acc;
}
