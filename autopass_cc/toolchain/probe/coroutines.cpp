// Coroutines: a generator whose frame can be elided, and a task that suspends in a loop. Needs C++20.
#include <coroutine>
#include <exception>
#include <utility>

template <typename T> struct Generator {
  struct promise_type {
    T current{};
    Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T value) noexcept {
      current = std::move(value);
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
  Generator(Generator &&other) noexcept : handle(std::exchange(other.handle, {})) {}
  Generator(const Generator &) = delete;
  ~Generator() {
    if (handle)
      handle.destroy();
  }
  bool next() {
    handle.resume();
    return !handle.done();
  }
  T value() const { return handle.promise().current; }
  std::coroutine_handle<promise_type> handle;
};

Generator<int> count(int from, int to) {
  for (int i = from; i < to; ++i)
    co_yield i;
}

// Two blocks of variables with disjoint lifetimes: whether they share storage in the frame is visible.
Generator<long> phases(int n) {
  {
    long first[24] = {};
    for (int i = 0; i < n; ++i) {
      first[i % 24] += i;
      co_yield first[(i * 7) % 24];
    }
  }
  {
    long second[24] = {};
    for (int i = 0; i < n; ++i) {
      second[i % 24] -= i;
      co_yield second[(i * 5) % 24];
    }
  }
}

int sum(int n) {
  int s = 0;
  auto numbers = count(0, n);
  while (numbers.next())
    s += numbers.value();
  return s;
}

long mixed(int n) {
  long s = 0;
  auto values = phases(n);
  while (values.next())
    s ^= values.value();
  return s;
}
