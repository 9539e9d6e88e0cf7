#include "shape.hpp"

Vec3 Ball::inertia() const {
  double moment = 0.4 * radius * radius;
  return {{moment, moment, moment}};
}

Vec3 Ball::support(const Vec3 &direction) const {
  return direction * (radius / std::sqrt(direction.dot(direction)));
}

Vec3 Box::inertia() const {
  double x = half[0] * half[0], y = half[1] * half[1], z = half[2] * half[2];
  return Vec3{{y + z, x + z, x + y}} * (1.0 / 3);
}

Vec3 Box::support(const Vec3 &direction) const {
  Vec3 corner = half;
  for (int i = 0; i < 3; i++)
    if (direction[i] < 0)
      corner[i] = -half[i];
  return corner;
}

Vec3 Ellipsoid::inertia() const {
  double x = axes[0] * axes[0], y = axes[1] * axes[1], z = axes[2] * axes[2];
  return Vec3{{y + z, x + z, x + y}} * 0.2;
}

Vec3 Ellipsoid::support(const Vec3 &direction) const {
  Vec3 scaled;
  for (int i = 0; i < 3; i++)
    scaled[i] = axes[i] * direction[i];
  double length = std::sqrt(scaled.dot(scaled));
  for (int i = 0; i < 3; i++)
    scaled[i] *= axes[i] / length;
  return scaled;
}
