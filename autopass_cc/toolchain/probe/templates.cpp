// Compile-time recursion, expression templates, variants, fixed-size linear algebra.
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <variant>

template <typename T, std::size_t N> struct Vec {
  std::array<T, N> v{};
  T &operator[](std::size_t i) { return v[i]; }
  const T &operator[](std::size_t i) const { return v[i]; }
};

template <typename T, std::size_t N> T dot(const Vec<T, N> &a, const Vec<T, N> &b) {
  T s{};
  for (std::size_t i = 0; i < N; ++i)
    s += a[i] * b[i];
  return s;
}

template <std::size_t N> Vec<double, N> solve(const std::array<Vec<double, N>, N> &m, Vec<double, N> b) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < i; ++j)
      b[i] -= m[i][j] * b[j];
    b[i] /= m[i][i];
  }
  return b;
}

Vec<double, 6> solve6(const std::array<Vec<double, 6>, 6> &m, const Vec<double, 6> &b) { return solve<6>(m, b); }
float dot16(const Vec<float, 16> &a, const Vec<float, 16> &b) { return dot(a, b); }

template <unsigned N> struct Fibonacci {
  static constexpr std::uint64_t value = Fibonacci<N - 1>::value + Fibonacci<N - 2>::value;
};
template <> struct Fibonacci<0> { static constexpr std::uint64_t value = 0; };
template <> struct Fibonacci<1> { static constexpr std::uint64_t value = 1; };
std::uint64_t fib40() { return Fibonacci<40>::value; }

using Value = std::variant<int, double, const char *>;
template <class... Ts> struct Overloaded : Ts... { using Ts::operator()...; };
template <class... Ts> Overloaded(Ts...) -> Overloaded<Ts...>;

double number(const Value &value) {
  return std::visit(Overloaded{[](int i) { return i * 1.0; }, [](double d) { return d; },
                               [](const char *s) { return s != nullptr ? static_cast<double>(s[0]) : 0.0; }},
                    value);
}

template <typename... Ts, std::size_t... Is> int weigh(const std::tuple<Ts...> &t, std::index_sequence<Is...>) {
  return (0 + ... + (static_cast<int>(std::get<Is>(t)) * static_cast<int>(Is + 1)));
}
int weighed(int a, short b, char c) {
  const auto t = std::make_tuple(a, b, c, a + b);
  return weigh(t, std::make_index_sequence<4>{});
}
