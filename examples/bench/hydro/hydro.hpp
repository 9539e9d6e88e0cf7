// A small Lagrangian hydrodynamics code: point blasts in a box of gas, on a mesh of quadrilaterals
// that moves with the gas. Each cycle gathers nodal data through the connectivity, works out
// pressures, artificial viscosity and the time step, scatters corner forces and moves the nodes.
// Stands for element-loop physics codes in C++ with many vector fields and indirect access.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

using Field = std::vector<double>;
using Corners = std::array<double, 4>;

struct Mesh {
  Mesh(int cellsX, int cellsY);
  /// Puts all nodes back, with gas of slightly uneven density at rest and a hot corner.
  void startBlast(std::uint64_t seed);
  void updateVolumes();
  double checksum() const;
  int elementCount() const { return cellsX * cellsY; }
  int nodeCount() const { return (cellsX + 1) * (cellsY + 1); }
  Corners gather(const Field &field, int element) const {
    const auto &nodes = connectivity[element];
    return {field[nodes[0]], field[nodes[1]], field[nodes[2]], field[nodes[3]]};
  }
  int cellsX, cellsY;
  std::vector<std::array<int, 4>> connectivity; ///< nodes of an element, counter-clockwise
  Field x, y, u, v, forceX, forceY, nodeMass;
  Field volume, mass, energy, pressure, sound, viscosity;
};

class Hydro {
public:
  explicit Hydro(Mesh &m) : mesh(m), cornerX(m.connectivity.size()), cornerY(cornerX) {}
  /// Advances by one cycle; returns its time step, which grows slowly from the one before.
  double advance(double lastStep);

private:
  void updatePressures();
  double stableTimeStep() const;
  void computeCornerForces();
  void sumNodalForces();
  void moveNodes(double dt);
  void updateEnergy(double dt);
  Mesh &mesh;
  std::vector<Corners> cornerX, cornerY;
};
