// Bit tricks over arrays of 64-bit words: population counts done three ways, reversal of a long bit
// string, Gray code, Morton (Z-order) interleaving, a parity syndrome, and a walk over all words of
// equal weight. It stands for bitmap indexes, chess boards, spatial keys and error-correcting
// codes: short chains of shifts and masks in plain loops. Usage: bits [N [SEED]], N rounds over the
// arrays.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 2048 };

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state ^ (*state >> 31);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

static uint64_t hash_words(uint64_t hash, const uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    hash = mix(hash, words[i]);
  return hash;
}

static unsigned count_by_clearing(const uint64_t *words, size_t count) {
  unsigned total = 0;
  for (size_t i = 0; i < count; i++)
    for (uint64_t x = words[i]; x != 0; x &= x - 1)
      total++;
  return total;
}

static unsigned count_by_table(const uint64_t *words, size_t count, const uint8_t *table) {
  unsigned total = 0;
  for (size_t i = 0; i < count; i++)
    for (int shift = 0; shift < 64; shift += 8)
      total += table[(words[i] >> shift) & 0xff];
  return total;
}

static unsigned popcount_sideways(uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return (unsigned)((x * 0x0101010101010101u) >> 56);
}

// Adds three words as 64 independent columns; the sum of each column is 2 * carry + result.
static uint64_t carry_save(uint64_t a, uint64_t b, uint64_t c, uint64_t *carry) {
  uint64_t half = a ^ b;
  *carry = (a & b) | (half & c);
  return half ^ c;
}

// Counts through carry-save adders, two words a step; count is even.
static unsigned count_by_adders(const uint64_t *words, size_t count) {
  uint64_t ones = 0, two = 0;
  unsigned twos = 0;
  for (size_t i = 0; i < count; i += 2) {
    ones = carry_save(ones, words[i], words[i + 1], &two);
    twos += popcount_sideways(two);
  }
  return 2 * twos + popcount_sideways(ones);
}

static uint64_t reverse_word(uint64_t x) {
  x = ((x >> 1) & 0x5555555555555555u) | ((x & 0x5555555555555555u) << 1);
  x = ((x >> 2) & 0x3333333333333333u) | ((x & 0x3333333333333333u) << 2);
  x = ((x >> 4) & 0x0f0f0f0f0f0f0f0fu) | ((x & 0x0f0f0f0f0f0f0f0fu) << 4);
  x = ((x >> 8) & 0x00ff00ff00ff00ffu) | ((x & 0x00ff00ff00ff00ffu) << 8);
  x = ((x >> 16) & 0x0000ffff0000ffffu) | ((x & 0x0000ffff0000ffffu) << 16);
  return (x >> 32) | (x << 32);
}

// Reverses the array as one bit string: the words change places and each is turned round.
static void reverse_string(uint64_t *words, size_t count) {
  for (size_t i = 0, j = count - 1; i < j; i++, j--) {
    uint64_t last = reverse_word(words[j]);
    words[j] = reverse_word(words[i]);
    words[i] = last;
  }
}

static void gray_encode(uint64_t *out, const uint64_t *in, size_t count) {
  for (size_t i = 0; i < count; i++)
    out[i] = in[i] ^ (in[i] >> 1);
}

static void gray_decode(uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (int shift = 1; shift < 64; shift *= 2)
      words[i] ^= words[i] >> shift;
}

// Puts a zero bit between every two bits of the number.
static uint64_t spread(uint32_t number) {
  uint64_t x = number;
  x = (x | (x << 16)) & 0x0000ffff0000ffffu;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ffu;
  x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0fu;
  x = (x | (x << 2)) & 0x3333333333333333u;
  return (x | (x << 1)) & 0x5555555555555555u;
}

static void morton_keys(uint64_t *keys, const uint64_t *points, size_t count) {
  for (size_t i = 0; i < count; i++)
    keys[i] = spread((uint32_t)points[i]) | (spread((uint32_t)(points[i] >> 32)) << 1);
}

// The XOR of the positions of all words of odd parity, as a Hamming decoder computes it.
static size_t parity_syndrome(const uint64_t *words, size_t count) {
  size_t syndrome = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t x = words[i];
    for (int shift = 32; shift >= 4; shift /= 2)
      x ^= x >> shift;
    syndrome ^= i * ((0x6996u >> (x & 15)) & 1);
  }
  return syndrome;
}

static uint64_t walk_equal_weight(uint64_t x, int steps) {
  uint64_t sum = 0;
  for (int i = 0; i < steps && x != 0; i++) {
    uint64_t lowest = x & (0 - x), ripple = x + lowest;
    x = ripple | (((x ^ ripple) >> 2) / lowest);
    sum = sum * 31 + x;
  }
  return sum;
}

int main(int argc, char **argv) {
  static uint64_t words[WORDS], codes[WORDS];
  uint8_t table[256] = {0};
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 13500;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, counts = 0, hash = 0;
  for (int i = 1; i < 256; i++)
    table[i] = (uint8_t)(table[i / 2] + (i & 1));
  for (size_t i = 0; i < WORDS; i++)
    words[i] = next_random(&state);
  for (long round = 0; round < rounds; round++) {
    counts = mix(counts, count_by_clearing(words, WORDS / 4));
    counts = mix(counts, count_by_table(words, WORDS, table));
    counts = mix(counts, count_by_adders(words, WORDS));
    gray_encode(codes, words, WORDS);
    counts = mix(counts, parity_syndrome(codes, WORDS));
    reverse_string(codes, WORDS);
    gray_decode(codes, WORDS);
    hash = hash_words(hash, codes, WORDS);
    hash = mix(hash, walk_equal_weight((next_random(&state) & 0xffff) + 1, WORDS / 4));
    morton_keys(words, codes, WORDS);
    words[round % WORDS] += hash;
  }
  printf("counts %016llx hash %016llx\n", (unsigned long long)counts, (unsigned long long)hash);
  return 0;
}
