#pragma once

#include "shape.hpp"

#include <cstdint>
#include <memory>
#include <vector>

struct Body {
  std::unique_ptr<Shape> shape;
  Vec3 position, velocity;
  Mat3 rotation;
  Vec3 spin; // angular momentum
};

class World {
public:
  void add(std::unique_ptr<Shape> shape, const Vec3 &position, const Vec3 &spin);
  /// Moves every body by one time step; they fall, tumble and bounce off the floor.
  void step(double seconds);
  /// Mixes the exact bits of all positions and rotations.
  std::uint64_t checksum() const;

private:
  std::vector<Body> bodies;
};
