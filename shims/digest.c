// BLAKE2b (RFC 7693), unkeyed, 16 bytes of digest: hashlib.blake2b(data, digest_size=16) in Python.
#include "launcher.h"

#include <string.h>

static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t rotate(uint64_t value, int by) { return value >> by | value << (64 - by); }

static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y) {
  v[a] += v[b] + x;
  v[d] = rotate(v[d] ^ v[a], 32);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 24);
  v[a] += v[b] + y;
  v[d] = rotate(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 63);
}

static uint64_t load(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; i--)
    value = value << 8 | bytes[i];
  return value;
}

static void compress(Hasher *hasher, const uint8_t *block, bool last) {
  uint64_t v[16], m[16];
  for (int i = 0; i < 8; i++) {
    v[i] = hasher->state[i];
    v[i + 8] = initial[i];
  }
  v[12] ^= hasher->length; // files of 2^64 bytes do not occur: the upper counter stays 0
  if (last)
    v[14] = ~v[14];
  for (int i = 0; i < 16; i++)
    m[i] = load(block + 8 * i);
  for (int round = 0; round < 12; round++) {
    const uint8_t *s = order[round % 10];
    mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
    mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
    mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
    mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
    mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
    mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
    mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
    mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
  }
  for (int i = 0; i < 8; i++)
    hasher->state[i] ^= v[i] ^ v[i + 8];
}

void digest_begin(Hasher *hasher) {
  memset(hasher, 0, sizeof *hasher);
  memcpy(hasher->state, initial, sizeof initial);
  hasher->state[0] ^= 0x01010000 ^ DIGEST_HEX / 2; // fan-out 1, depth 1, no key, digest size
}

void digest_add(Hasher *hasher, const void *data, size_t length) {
  const uint8_t *input = data;
  while (length) {
    if (hasher->used == sizeof hasher->block) { // only now known not to be the last block
      hasher->length += hasher->used;
      compress(hasher, hasher->block, false);
      hasher->used = 0;
    }
    size_t room = sizeof hasher->block - hasher->used;
    size_t take = length < room ? length : room;
    memcpy(hasher->block + hasher->used, input, take);
    hasher->used += take;
    input += take;
    length -= take;
  }
}

void digest_text(Hasher *hasher, const char *text) { digest_add(hasher, text, strlen(text)); }

Digest digest_end(Hasher *hasher) {
  Digest digest;
  hasher->length += hasher->used;
  memset(hasher->block + hasher->used, 0, sizeof hasher->block - hasher->used);
  compress(hasher, hasher->block, true);
  for (int i = 0; i < DIGEST_HEX / 2; i++) {
    unsigned byte = hasher->state[i / 8] >> (8 * (i % 8)) & 0xff;
    digest.hex[2 * i] = "0123456789abcdef"[byte >> 4];
    digest.hex[2 * i + 1] = "0123456789abcdef"[byte & 15];
  }
  digest.hex[DIGEST_HEX] = 0;
  return digest;
}
