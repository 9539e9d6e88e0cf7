// Virtual calls that can and cannot be devirtualised, multiple inheritance, RTTI, static initialisation.
#include <memory>
#include <vector>

namespace {
struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  virtual int corners() const { return 0; }
};
struct Named {
  virtual ~Named() = default;
  virtual const char *name() const { return "shape"; }
};
struct Square final : Shape, Named {
  explicit Square(double s) : side(s) {}
  double area() const override { return side * side; }
  int corners() const override { return 4; }
  const char *name() const override { return "square"; }
  double side;
};
struct Circle : Shape {
  explicit Circle(double r) : radius(r) {}
  double area() const override { return 3.14159265358979 * radius * radius; }
  double radius;
};
const std::vector<double> sizes = {1.0, 2.5, 4.0};
struct Registry {
  Registry() { count = static_cast<int>(sizes.size()); }
  ~Registry() { count = 0; }
  int count;
} registry;
} // namespace

double areas(const std::vector<std::unique_ptr<Shape>> &shapes) {
  double sum = 0;
  for (const auto &shape : shapes)
    sum += shape->area() * shape->corners();
  return sum;
}

double known() {
  std::unique_ptr<Shape> shape = std::make_unique<Square>(registry.count);
  return shape->area() + static_cast<Square *>(shape.get())->name()[0];
}

int kind(const Shape *shape) {
  if (const auto *square = dynamic_cast<const Square *>(shape))
    return square->corners();
  return dynamic_cast<const Circle *>(shape) != nullptr ? 1 : 2;
}

std::vector<std::unique_ptr<Shape>> make(int n) {
  std::vector<std::unique_ptr<Shape>> result;
  for (int i = 0; i < n; i++) {
    if (i % 2 == 0)
      result.push_back(std::make_unique<Circle>(i));
    else
      result.push_back(std::make_unique<Square>(sizes[static_cast<unsigned>(i) % sizes.size()]));
  }
  return result;
}

const Shape &unit() {
  static const Square square(1);
  return square;
}
