/* Atomics, thread-local storage, inline assembly, vectors, bit-fields, wide integers, overflow checks. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static _Thread_local unsigned counter;
static _Atomic unsigned shared;
typedef float v4 __attribute__((vector_size(16)));

unsigned next(void) { return ++counter + atomic_fetch_add_explicit(&shared, 1, memory_order_relaxed); }

bool acquire(_Atomic int *lock) {
  int expected = 0;
  return atomic_compare_exchange_strong(lock, &expected, 1);
}

v4 blend(v4 a, v4 b, float t) { return a * (1 - t) + b * t; }

uint64_t mulhi(uint64_t a, uint64_t b) { return (uint64_t)(((unsigned __int128)a * b) >> 64); }

bool add(int a, int b, int *r) { return __builtin_add_overflow(a, b, r); }

struct packed {
  unsigned a : 3, b : 11;
  unsigned long long c : 40;
};
unsigned spread(struct packed p) { return p.a * 5 + p.b + (unsigned)(p.c >> 9); }

uint32_t swap(uint32_t x) { return (x >> 24) | ((x >> 8) & 0xff00) | ((x << 8) & 0xff0000) | (x << 24); }

int popcount(uint64_t x) {
  int n = 0;
  for (; x; x &= x - 1)
    n++;
  return n;
}

int barrier(int x) {
  __asm__ volatile("" : "+r"(x) : : "memory");
  return x + __builtin_ctz((unsigned)x | 1);
}

uint32_t crc(const unsigned char *p, size_t n) {
  uint32_t c = ~0u;
  while (n--) {
    c ^= *p++;
    for (int k = 0; k < 8; k++)
      c = c & 1 ? (c >> 1) ^ 0xedb88320u : c >> 1;
  }
  return ~c;
}
