// A small finite-element code: steady heat conduction in a block of distorted trilinear hexahedra
// with a different conductivity in each. Element matrices come from Gauss quadrature, are added to
// a compressed-row matrix by searching the row for the column, two faces are held at given
// temperatures, and conjugate gradients solve the system. Stands for templated small dense
// kernels that want inlining and unrolling, indirect scatter-add and sparse iterations in C++.
#pragma once

#include <array>
#include <random>
#include <vector>

using Vector = std::vector<double>;
using Point = std::array<double, 3>;
using Random = std::mt19937_64;

template <int Rows, int Columns> struct SmallMatrix {
  double &operator()(int i, int j) { return entries[i * Columns + j]; }
  double operator()(int i, int j) const { return entries[i * Columns + j]; }
  std::array<double, Rows * Columns> entries{};
};

struct Mesh {
  /// A unit cube of size^3 hexahedra whose inner nodes are shifted at random.
  Mesh(int size, Random &random);
  std::vector<Point> nodes;
  std::vector<std::array<int, 8>> hexahedra;
};

struct SparseMatrix {
  explicit SparseMatrix(const Mesh &mesh);
  void add(int row, int col, double amount);
  void multiply(const Vector &x, Vector &y) const;
  std::vector<int> start, column;
  Vector value;
};

inline double randomUnit(Random &random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

/// Fills matrix and load from all elements, with the given conductivities and a uniform source.
void assemble(const Mesh &mesh, const Vector &conductivity, SparseMatrix &matrix, Vector &load);
