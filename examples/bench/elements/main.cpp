#include "elements.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

SparseMatrix::SparseMatrix(const Mesh &mesh) : start{0} {
  std::vector<std::vector<int>> neighbours(mesh.nodes.size());
  for (const auto &hexahedron : mesh.hexahedra)
    for (int a : hexahedron)
      neighbours[a].insert(neighbours[a].end(), hexahedron.begin(), hexahedron.end());
  for (auto &row : neighbours) {
    std::sort(row.begin(), row.end());
    column.insert(column.end(), row.begin(), std::unique(row.begin(), row.end()));
    start.push_back(static_cast<int>(column.size()));
  }
  value.resize(column.size());
}

void SparseMatrix::add(int row, int col, double amount) {
  int k = start[row];
  while (column[k] != col)
    ++k;
  value[k] += amount;
}

void SparseMatrix::multiply(const Vector &x, Vector &y) const {
  for (std::size_t row = 0; row < y.size(); ++row) {
    double sum = 0.0;
    for (int k = start[row]; k < start[row + 1]; ++k)
      sum += value[k] * x[column[k]];
    y[row] = sum;
  }
}

/// Holds the unknowns on the lower and upper faces at their values in x.
static void holdFaces(const Mesh &mesh, const Vector &x, SparseMatrix &matrix, Vector &load) {
  auto held = [&mesh](int node) { return mesh.nodes[node][2] == 0 || mesh.nodes[node][2] == 1; };
  for (int row = 0; row < static_cast<int>(load.size()); ++row) {
    for (int k = matrix.start[row]; k < matrix.start[row + 1]; ++k)
      if (int other = matrix.column[k]; held(row) || held(other)) {
        load[row] -= matrix.value[k] * x[other];
        matrix.value[k] = row == other ? 1.0 : 0.0;
      }
    if (held(row))
      load[row] = x[row];
  }
}

static double dot(const Vector &a, const Vector &b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

static void combine(Vector &y, double keep, const Vector &x, double scale) {
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = keep * y[i] + scale * x[i];
}

/// Improves x by conjugate gradients; returns the number of iterations.
static int solve(const SparseMatrix &matrix, const Vector &load, Vector &x, double tolerance) {
  Vector residual(load), direction(load.size()), image(load.size());
  matrix.multiply(x, image);
  combine(residual, 1.0, image, -1.0);
  double square = dot(residual, residual), goal = tolerance * tolerance * dot(load, load);
  int iterations = 0;
  for (double beta = 0.0; square > goal && iterations < 1000; ++iterations) {
    combine(direction, beta, residual, 1.0);
    matrix.multiply(direction, image);
    double alpha = square / dot(direction, image);
    combine(x, 1.0, direction, alpha);
    combine(residual, 1.0, image, -alpha);
    double next = dot(residual, residual);
    beta = next / square;
    square = next;
  }
  return iterations;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  Random random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  if (rounds < 1) {
    std::fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  Mesh mesh(11, random);
  SparseMatrix matrix(mesh);
  Vector conductivity(mesh.hexahedra.size()), load(mesh.nodes.size()), x(mesh.nodes.size());
  long iterations = 0;
  double temperature = 0.0, entries = 0.0;
  for (long round = 0; round < rounds; ++round) {
    for (double &c : conductivity)
      c = 0.5 + 1.5 * randomUnit(random);
    double slant = randomUnit(random);
    for (std::size_t n = 0; n < x.size(); ++n)
      x[n] = mesh.nodes[n][2] + slant * mesh.nodes[n][0];
    assemble(mesh, conductivity, matrix, load);
    entries += dot(matrix.value, matrix.value);
    holdFaces(mesh, x, matrix, load);
    iterations += solve(matrix, load, x, 1e-8);
    for (std::size_t n = 0; n < x.size(); ++n)
      temperature += x[n] * static_cast<double>(1 + n % 7);
  }
  std::printf("iterations %ld\ntemperature %.17g entries %.17g\n", iterations, temperature,
              entries);
  return 0;
}
