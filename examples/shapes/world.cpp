#include "world.hpp"

#include <cstring>

namespace {

constexpr double gravity = -9.81;
constexpr double bounce = 0.9;

/// The inverse of the inertia tensor in the directions of the world.
Mat3 inverse_inertia(const Body &body) {
  Mat3 tensor = body.rotation * Mat3::diagonal(body.shape->inertia()) * body.rotation.transposed();
  return inverse(tensor);
}

void rotate(Body &body, const Vec3 &rate, double seconds) {
  Mat3 turn = skew(rate * seconds);
  Mat3 second_order = turn * turn * 0.5;
  body.rotation = straightened(body.rotation + (turn + second_order) * body.rotation);
}

void hit_floor(Body &body, const Mat3 &inverse_tensor) {
  const Vec3 down{{0, -1, 0}}, up{{0, 1, 0}};
  Vec3 arm = body.rotation * body.shape->support(body.rotation.transposed() * down);
  double depth = -(body.position[1] + arm[1]);
  if (depth < 0)
    return;
  Vec3 speed = body.velocity + cross(inverse_tensor * body.spin, arm);
  body.position[1] += depth;
  if (speed[1] >= 0)
    return;
  Vec3 lever = cross(arm, up);
  double resistance = 1 + cross(inverse_tensor * lever, arm)[1];
  double impulse = -(1 + bounce) * speed[1] / resistance;
  body.velocity[1] += impulse;
  body.spin = body.spin + lever * impulse;
}

} // namespace

void World::add(std::unique_ptr<Shape> shape, const Vec3 &position, const Vec3 &spin) {
  Mat3 upright = Mat3::diagonal({{1, 1, 1}});
  bodies.push_back({std::move(shape), position, {{0, 0, 0}}, upright, spin});
}

void World::step(double seconds) {
  for (Body &body : bodies) {
    body.velocity[1] += gravity * seconds;
    body.position = body.position + body.velocity * seconds;
    Vec3 first = inverse_inertia(body) * body.spin;
    rotate(body, first, seconds / 2);
    Vec3 midway = inverse_inertia(body) * body.spin;
    rotate(body, midway, seconds / 2);
    hit_floor(body, inverse_inertia(body));
  }
}

std::uint64_t World::checksum() const {
  std::uint64_t sum = 0;
  auto mix = [&sum](const Vec3 &v) {
    for (double value : v.at) {
      std::uint64_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      sum = (sum ^ bits) * 0x9e3779b97f4a7c15u;
    }
  };
  for (const Body &body : bodies) {
    mix(body.position);
    for (const Vec3 &row : body.rotation.row)
      mix(row);
  }
  return sum;
}
