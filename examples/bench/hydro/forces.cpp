#include "hydro.hpp"

#include <algorithm>
#include <cmath>

static constexpr double gammaLess1 = 0.4, linearViscosity = 0.5, quadraticViscosity = 1.5;
static constexpr double hourglassDamping = 0.08, courant = 0.3, growth = 1.1, leastEnergy = 1e-6;

/// Equation of state, and viscous pressure where an element is being compressed.
void Hydro::updatePressures() {
  for (int e = 0; e < mesh.elementCount(); ++e) {
    double density = mesh.mass[e] / mesh.volume[e];
    mesh.pressure[e] = gammaLess1 * density * mesh.energy[e];
    mesh.sound[e] = std::sqrt((gammaLess1 + 1.0) * gammaLess1 * mesh.energy[e]);
    Corners x = mesh.gather(mesh.x, e), y = mesh.gather(mesh.y, e);
    Corners u = mesh.gather(mesh.u, e), v = mesh.gather(mesh.v, e);
    double opening = 0.5 * ((u[0] - u[2]) * (y[1] - y[3]) + (u[1] - u[3]) * (y[2] - y[0]) +
                            (v[0] - v[2]) * (x[3] - x[1]) + (v[1] - v[3]) * (x[0] - x[2]));
    double jump = std::max(0.0, -opening / std::sqrt(mesh.volume[e]));
    double speed = quadraticViscosity * jump + linearViscosity * mesh.sound[e];
    mesh.viscosity[e] = density * jump * speed;
  }
}

/// The least time in which a signal crosses an element, made smaller for safety.
double Hydro::stableTimeStep() const {
  double least = 1.0;
  for (int e = 0; e < mesh.elementCount(); ++e) {
    Corners x = mesh.gather(mesh.x, e), y = mesh.gather(mesh.y, e);
    double diagonal =
        std::max(std::hypot(x[2] - x[0], y[2] - y[0]), std::hypot(x[3] - x[1], y[3] - y[1]));
    double shock = std::sqrt(mesh.viscosity[e] * mesh.volume[e] / mesh.mass[e]);
    least = std::min(least, mesh.volume[e] / (diagonal * (mesh.sound[e] + 2.0 * shock)));
  }
  return courant * least;
}

/// Pressure on the sides of an element, plus a damping of its hourglass motion.
void Hydro::computeCornerForces() {
  for (int e = 0; e < mesh.elementCount(); ++e) {
    Corners x = mesh.gather(mesh.x, e), y = mesh.gather(mesh.y, e);
    Corners u = mesh.gather(mesh.u, e), v = mesh.gather(mesh.v, e);
    double total = mesh.pressure[e] + mesh.viscosity[e];
    double damping = hourglassDamping * mesh.mass[e] * mesh.sound[e] / std::sqrt(mesh.volume[e]);
    for (int c = 0; c < 4; ++c) {
      int after = (c + 1) % 4, before = (c + 3) % 4, across = (c + 2) % 4;
      double twistU = u[c] - u[after] + u[across] - u[before];
      double twistV = v[c] - v[after] + v[across] - v[before];
      cornerX[e][c] = 0.5 * total * (y[after] - y[before]) - damping * twistU;
      cornerY[e][c] = 0.5 * total * (x[before] - x[after]) - damping * twistV;
    }
  }
}

void Hydro::sumNodalForces() {
  std::fill(mesh.forceX.begin(), mesh.forceX.end(), 0.0);
  std::fill(mesh.forceY.begin(), mesh.forceY.end(), 0.0);
  for (int e = 0; e < mesh.elementCount(); ++e)
    for (int c = 0; c < 4; ++c) {
      mesh.forceX[mesh.connectivity[e][c]] += cornerX[e][c];
      mesh.forceY[mesh.connectivity[e][c]] += cornerY[e][c];
    }
}

void Hydro::moveNodes(double dt) {
  for (int n = 0; n < mesh.nodeCount(); ++n) {
    int i = n % (mesh.cellsX + 1), j = n / (mesh.cellsX + 1);
    double kick = dt / mesh.nodeMass[n];
    mesh.u[n] = i % mesh.cellsX == 0 ? 0.0 : mesh.u[n] + kick * mesh.forceX[n];
    mesh.v[n] = j % mesh.cellsY == 0 ? 0.0 : mesh.v[n] + kick * mesh.forceY[n];
    mesh.x[n] += dt * mesh.u[n];
    mesh.y[n] += dt * mesh.v[n];
  }
}

/// An element loses the energy that its corner forces gave to the nodes.
void Hydro::updateEnergy(double dt) {
  for (int e = 0; e < mesh.elementCount(); ++e) {
    Corners u = mesh.gather(mesh.u, e), v = mesh.gather(mesh.v, e);
    double work = 0.0;
    for (int c = 0; c < 4; ++c)
      work += cornerX[e][c] * u[c] + cornerY[e][c] * v[c];
    mesh.energy[e] = std::max(leastEnergy, mesh.energy[e] - dt * work / mesh.mass[e]);
  }
}

double Hydro::advance(double lastStep) {
  updatePressures();
  double dt = std::min(growth * lastStep, stableTimeStep());
  computeCornerForces();
  sumNodalForces();
  moveNodes(dt);
  mesh.updateVolumes();
  updateEnergy(dt);
  return dt;
}
