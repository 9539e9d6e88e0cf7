#include "hydro.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  long cycles = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  if (cycles < 1) {
    std::fprintf(stderr, "usage: %s CYCLES [SEED]\n", argv[0]);
    return 2;
  }
  constexpr long perBlast = 400;
  Mesh mesh(46, 42);
  Hydro hydro(mesh);
  double time = 0.0, dt = 0.0, fields = 0.0;
  for (long cycle = 0; cycle < cycles; ++cycle) {
    if (cycle % perBlast == 0)
      mesh.startBlast(seed + 1000003u * static_cast<std::uint64_t>(cycle));
    dt = hydro.advance(cycle % perBlast == 0 ? 1e-6 : dt);
    time += dt;
    if ((cycle + 1) % perBlast == 0 || cycle + 1 == cycles)
      fields += mesh.checksum();
  }
  std::printf("time %.17g dt %.17g\nfields %.17g\n", time, dt, fields);
  return 0;
}
