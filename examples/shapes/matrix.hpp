#pragma once

#include <cmath>

template <typename T, int N> struct Vector {
  T at[N];

  T &operator[](int i) { return at[i]; }
  const T &operator[](int i) const { return at[i]; }

  Vector operator+(const Vector &o) const {
    Vector sum = *this;
    for (int i = 0; i < N; i++)
      sum[i] += o[i];
    return sum;
  }
  Vector operator-(const Vector &o) const { return *this + o * T(-1); }
  Vector operator*(T factor) const {
    Vector product = *this;
    for (int i = 0; i < N; i++)
      product[i] *= factor;
    return product;
  }
  T dot(const Vector &o) const {
    T sum = 0;
    for (int i = 0; i < N; i++)
      sum += at[i] * o[i];
    return sum;
  }
};

template <typename T, int N> struct Matrix {
  Vector<T, N> row[N];

  static Matrix diagonal(const Vector<T, N> &values) {
    Matrix result{};
    for (int i = 0; i < N; i++)
      result.row[i][i] = values[i];
    return result;
  }
  Matrix transposed() const {
    Matrix result;
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++)
        result.row[j][i] = row[i][j];
    return result;
  }
  Vector<T, N> operator*(const Vector<T, N> &v) const {
    Vector<T, N> result;
    for (int i = 0; i < N; i++)
      result[i] = row[i].dot(v);
    return result;
  }
  Matrix operator*(const Matrix &o) const {
    Matrix result;
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        T sum = 0;
        for (int k = 0; k < N; k++)
          sum += row[i][k] * o.row[k][j];
        result.row[i][j] = sum;
      }
    return result;
  }
  Matrix operator+(const Matrix &o) const {
    Matrix result;
    for (int i = 0; i < N; i++)
      result.row[i] = row[i] + o.row[i];
    return result;
  }
  Matrix operator*(T factor) const {
    Matrix result;
    for (int i = 0; i < N; i++)
      result.row[i] = row[i] * factor;
    return result;
  }
};

using Vec3 = Vector<double, 3>;
using Mat3 = Matrix<double, 3>;

inline Vec3 cross(const Vec3 &a, const Vec3 &b) {
  return {{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}};
}

/// The matrix that takes the cross product with v.
inline Mat3 skew(const Vec3 &v) {
  return {{{{0, -v[2], v[1]}}, {{v[2], 0, -v[0]}}, {{-v[1], v[0], 0}}}};
}

inline Mat3 inverse(const Mat3 &m) {
  Vec3 a = cross(m.row[1], m.row[2]), b = cross(m.row[2], m.row[0]), c = cross(m.row[0], m.row[1]);
  return Mat3{{a, b, c}}.transposed() * (1 / m.row[0].dot(a));
}

/// The nearest rotation matrix, after small errors, by Gram and Schmidt.
inline Mat3 straightened(const Mat3 &m) {
  Vec3 x = m.row[0] * (1 / std::sqrt(m.row[0].dot(m.row[0])));
  Vec3 y = m.row[1] - x * x.dot(m.row[1]);
  y = y * (1 / std::sqrt(y.dot(y)));
  return {{x, y, cross(x, y)}};
}
