#pragma once

#include "matrix.hpp"

/// A solid of mass 1 around the origin.
class Shape {
public:
  virtual ~Shape() = default;
  /// Moments of inertia about the three axes.
  virtual Vec3 inertia() const = 0;
  /// The point that is farthest in a direction.
  virtual Vec3 support(const Vec3 &direction) const = 0;
};

class Ball final : public Shape {
public:
  explicit Ball(double radius) : radius(radius) {}
  Vec3 inertia() const override;
  Vec3 support(const Vec3 &direction) const override;

private:
  double radius;
};

class Box final : public Shape {
public:
  explicit Box(const Vec3 &half) : half(half) {}
  Vec3 inertia() const override;
  Vec3 support(const Vec3 &direction) const override;

private:
  Vec3 half;
};

class Ellipsoid final : public Shape {
public:
  explicit Ellipsoid(const Vec3 &axes) : axes(axes) {}
  Vec3 inertia() const override;
  Vec3 support(const Vec3 &direction) const override;

private:
  Vec3 axes;
};
