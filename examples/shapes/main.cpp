// tumble BODIES [STEPS]: lets solids of several shapes fall on a floor; prints exact checksums.
#include "world.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  int bodies = argc > 1 ? std::atoi(argv[1]) : 10;
  int steps = argc > 2 ? std::atoi(argv[2]) : 100;

  World world;
  for (int i = 0; i < bodies; i++) {
    double size = 0.5 + 0.01 * (i % 7);
    Vec3 position{{0.3 * i, 2 + 0.1 * (i % 11), 0}};
    Vec3 spin{{0.1 * (i % 5), 0.2, 0.05 * (i % 3)}};
    if (i % 3 == 0)
      world.add(std::make_unique<Ball>(size), position, spin);
    else if (i % 3 == 1)
      world.add(std::make_unique<Box>(Vec3{{size, 0.4, 0.3}}), position, spin);
    else
      world.add(std::make_unique<Ellipsoid>(Vec3{{0.4, size, 0.6}}), position, spin);
  }
  for (int step = 1; step <= steps; step++) {
    world.step(1.0 / 1024);
    if (step % (steps / 4 + 1) == 0 || step == steps)
      std::printf("step %d: %016llx\n", step, static_cast<unsigned long long>(world.checksum()));
  }
  return 0;
}
