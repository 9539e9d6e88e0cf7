// Exceptions, cleanups, noexcept boundaries, thread_local objects.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

struct File {
  explicit File(const char *path) : handle(std::fopen(path, "r")) {
    if (handle == nullptr)
      throw std::runtime_error(std::string("cannot open ") + path);
  }
  ~File() { std::fclose(handle); }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  std::FILE *handle;
};

thread_local std::string last_error;

long bytes(const char *path) {
  try {
    File file(path);
    long n = 0;
    while (std::fgetc(file.handle) != EOF)
      ++n;
    return n;
  } catch (const std::runtime_error &error) {
    last_error = error.what();
    return -1;
  } catch (...) {
    std::terminate();
  }
}

int positive(int x) {
  if (x < 0)
    throw x;
  return x;
}

int guarded(int x) noexcept {
  int result = 0;
  for (int i = 0; i < 4; i++) {
    try {
      result += positive(x - i);
    } catch (int value) {
      result -= value;
    }
  }
  return result;
}

template <typename F> int attempts(F f, int n) {
  for (int i = 0; i < n; i++) {
    try {
      return f(i);
    } catch (const std::exception &) {
      continue;
    }
  }
  throw std::logic_error("gave up");
}

int retry(int n) {
  return attempts([n](int i) { return i > n ? positive(i) : throw std::out_of_range("no"); }, 5);
}
