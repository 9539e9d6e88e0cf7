#include "elements.hpp"

#include <algorithm>

struct GaussPoint {
  double at, weight;
};
static constexpr GaussPoint coarse[] = {{-0.57735026918962576, 1.0}, {0.57735026918962576, 1.0}};
static constexpr GaussPoint fine[] = {
    {-0.77459666924148338, 5.0 / 9.0}, {0.0, 8.0 / 9.0}, {0.77459666924148338, 5.0 / 9.0}};

struct Element {
  std::array<Point, 8> corners;
  SmallMatrix<8, 8> stiffness;
  std::array<double, 8> load{};
};

/// Sets the adjugate of a, which is its inverse but for the determinant; returns the latter.
static double invert(const SmallMatrix<3, 3> &a, SmallMatrix<3, 3> &adjugate) {
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      int r = (i + 1) % 3, s = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
      adjugate(j, i) = a(r, c) * a(s, d) - a(r, d) * a(s, c);
    }
  return a(0, 0) * adjugate(0, 0) + a(0, 1) * adjugate(1, 0) + a(0, 2) * adjugate(2, 0);
}

/// Adds what one quadrature point contributes to an element of unit conductivity.
static void addPoint(const Point &at, double weight, Element &element) {
  SmallMatrix<8, 3> slope, gradient;
  SmallMatrix<3, 3> jacobian, adjugate;
  std::array<double, 8> shape;
  for (int n = 0; n < 8; ++n) {
    Point side = {n & 1 ? 0.5 : -0.5, n & 2 ? 0.5 : -0.5, n & 4 ? 0.5 : -0.5};
    Point linear = {0.5 + side[0] * at[0], 0.5 + side[1] * at[1], 0.5 + side[2] * at[2]};
    shape[n] = linear[0] * linear[1] * linear[2];
    for (int d = 0; d < 3; ++d) {
      slope(n, d) = side[d] * linear[(d + 1) % 3] * linear[(d + 2) % 3];
      for (int i = 0; i < 3; ++i)
        jacobian(i, d) += element.corners[n][i] * slope(n, d);
    }
  }
  double determinant = invert(jacobian, adjugate);
  for (int n = 0; n < 8; ++n) {
    element.load[n] += weight * determinant * shape[n];
    for (int i = 0; i < 3; ++i)
      for (int d = 0; d < 3; ++d)
        gradient(n, i) += slope(n, d) * adjugate(d, i);
  }
  for (int a = 0; a < 8; ++a)
    for (int b = 0; b < 8; ++b)
      for (int i = 0; i < 3; ++i)
        element.stiffness(a, b) += weight / determinant * gradient(a, i) * gradient(b, i);
}

template <std::size_t Points>
static void integrate(const GaussPoint (&rule)[Points], Element &element) {
  for (const auto &x : rule)
    for (const auto &y : rule)
      for (const auto &z : rule)
        addPoint({x.at, y.at, z.at}, x.weight * y.weight * z.weight, element);
}

Mesh::Mesh(int size, Random &random) {
  auto place = [&](int i) {
    return (i == 0 || i == size ? i : i + 0.4 * (randomUnit(random) - 0.5)) / size;
  };
  for (int n = 0, side = size + 1; n < side * side * side; ++n) {
    int i = n % side, j = n / side % side, k = n / (side * side);
    nodes.push_back({place(i), place(j), place(k)});
    if (i < size && j < size && k < size) {
      int m = n + side, above = n + side * side, far = above + side;
      hexahedra.push_back({n, n + 1, m, m + 1, above, above + 1, far, far + 1});
    }
  }
}

void assemble(const Mesh &mesh, const Vector &conductivity, SparseMatrix &matrix, Vector &load) {
  std::fill(matrix.value.begin(), matrix.value.end(), 0.0);
  std::fill(load.begin(), load.end(), 0.0);
  for (std::size_t e = 0; e < mesh.hexahedra.size(); ++e) {
    const auto &nodes = mesh.hexahedra[e];
    Element element;
    for (int n = 0; n < 8; ++n)
      element.corners[n] = mesh.nodes[nodes[n]];
    if (conductivity[e] > 1.8) // good conductors get the finer rule
      integrate(fine, element);
    else
      integrate(coarse, element);
    for (int a = 0; a < 8; ++a) {
      load[nodes[a]] += element.load[a];
      for (int b = 0; b < 8; ++b)
        matrix.add(nodes[a], nodes[b], conductivity[e] * element.stiffness(a, b));
    }
  }
}
