// Instances promised elsewhere, inline functions, and a table that only one translation unit defines.
extern volatile int cost;
template <class T> struct Box {
  T value;
  T grown(int n) const {
    cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
    return value + T(n);
  }
};
extern template struct Box<long>;
inline int shared(int n) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  return n * 3;
}
struct Shape {
  virtual ~Shape();
  virtual int area() const { return shared(2); }
};
Shape::~Shape() {}
__attribute__((weak)) int hook(int n) { return n; }
long all(const Box<long> &box, int n) {
  long s = 0;
  for (int i = 0; i < n; i++)
    s += i ^ n;
  return box.grown(n) + box.grown(n + 1) + shared(n) + shared(n + 2) + hook(n) + s;
}
