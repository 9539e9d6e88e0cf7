#include "hydro.hpp"

Mesh::Mesh(int nx, int ny) : cellsX(nx), cellsY(ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      int n = j * (nx + 1) + i;
      connectivity.push_back({n, n + 1, n + nx + 2, n + nx + 1});
    }
  for (Field *field : {&x, &y, &u, &v, &forceX, &forceY, &nodeMass})
    field->resize(nodeCount());
  for (Field *field : {&volume, &mass, &energy, &pressure, &sound, &viscosity})
    field->resize(elementCount());
}

void Mesh::startBlast(std::uint64_t seed) {
  auto random = [state = seed]() mutable {
    state = (state ^ 0x5deece66du) * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53;
  };
  for (int n = 0; n < nodeCount(); ++n) {
    x[n] = n % (cellsX + 1) * 1.2 / cellsX;
    y[n] = n / (cellsX + 1) * 1.2 / cellsY;
    u[n] = v[n] = nodeMass[n] = 0.0;
  }
  energy.assign(energy.size(), 0.001);
  updateVolumes();
  for (int e = 0; e < elementCount(); ++e) {
    mass[e] = volume[e] * (0.9 + 0.2 * random());
    for (int n : connectivity[e])
      nodeMass[n] += 0.25 * mass[e];
  }
  for (int e : {0, 1, cellsX, cellsX + 1})
    energy[e] = (0.04 + 0.02 * random()) / mass[e];
}

void Mesh::updateVolumes() {
  for (int e = 0; e < elementCount(); ++e) {
    Corners px = gather(x, e), py = gather(y, e);
    volume[e] = 0.5 * ((px[2] - px[0]) * (py[3] - py[1]) - (px[3] - px[1]) * (py[2] - py[0]));
  }
}

double Mesh::checksum() const {
  double sum = 0.0;
  for (int n = 0; n < nodeCount(); ++n)
    sum += (x[n] + 2.0 * y[n] + u[n] - 3.0 * v[n]) * (1 + n % 7);
  for (int e = 0; e < elementCount(); ++e)
    sum += (energy[e] + pressure[e] + viscosity[e]) * (1 + e % 5);
  return sum;
}
