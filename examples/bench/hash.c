// SHA-256 as the standard (FIPS 180-4) defines it, and three uses of it: keyed authentication
// (HMAC) of many short messages, a root of a binary hash tree, and a password-style chain of keyed
// hashes. It stands for the hashing in package managers, version control and secure transports:
// rotations, additions and shifts on 32-bit words with many live values, and small buffer copies.
//
// Usage: hash [N [SEED]], N messages of up to MAX_MESSAGE bytes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, DIGEST = 32, MAX_MESSAGE = 600, LEAVES = 16, CHAIN = 8 };

typedef struct {
  uint32_t state[8];
  uint64_t length; // bytes hashed so far
  uint8_t block[BLOCK];
} Sha256;

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

// Stretches the 16 big-endian words of a block to 64.
static void expand_block(uint32_t *words, const uint8_t *block) {
  for (int i = 0; i < 16; i++, block += 4)
    words[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               (uint32_t)block[3];
  for (int i = 16; i < 64; i++) {
    uint32_t early = words[i - 15], late = words[i - 2];
    words[i] = words[i - 16] + (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) + words[i - 7] +
               (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
  }
}

static void compress(uint32_t *state, const uint8_t *block) {
  uint32_t words[64] = {0}, s[8];
  expand_block(words, block);
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    uint32_t first = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice +
                     round_constants[i] + words[i];
    uint32_t second = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;
    for (int j = 7; j > 0; j--)
      s[j] = s[j - 1];
    s[4] += first;
    s[0] = first + second;
  }
  for (int j = 0; j < 8; j++)
    state[j] += s[j];
}

static void sha256_start(Sha256 *hash) {
  static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(hash->state, initial, sizeof initial);
  hash->length = 0;
}

static void sha256_add(Sha256 *hash, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    size_t used = hash->length % BLOCK, part = size < BLOCK - used ? size : BLOCK - used;
    memcpy(hash->block + used, bytes, part);
    hash->length += part;
    bytes += part;
    size -= part;
    if (used + part == BLOCK)
      compress(hash->state, hash->block);
  }
}

static void sha256_finish(Sha256 *hash, uint8_t *digest) {
  static const uint8_t padding[BLOCK] = {0x80};
  uint8_t bits[8];
  for (int i = 0; i < 8; i++)
    bits[i] = (uint8_t)(hash->length * 8 >> (56 - 8 * i));
  sha256_add(hash, padding, BLOCK - (hash->length + 8) % BLOCK);
  sha256_add(hash, bits, sizeof bits);
  for (int i = 0; i < DIGEST; i++)
    digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - i % 4 * 8));
}

// Keys are at most one block long.
static void hmac(uint8_t *digest, const uint8_t *key, size_t key_size, const uint8_t *message,
                 size_t size) {
  Sha256 inner, outer;
  uint8_t inner_pad[BLOCK], outer_pad[BLOCK];
  for (size_t i = 0; i < BLOCK; i++) {
    uint8_t byte = i < key_size ? key[i] : 0;
    inner_pad[i] = byte ^ 0x36;
    outer_pad[i] = byte ^ 0x5c;
  }
  sha256_start(&inner);
  sha256_add(&inner, inner_pad, BLOCK);
  sha256_add(&inner, message, size);
  sha256_finish(&inner, digest);
  sha256_start(&outer);
  sha256_add(&outer, outer_pad, BLOCK);
  sha256_add(&outer, digest, DIGEST);
  sha256_finish(&outer, digest);
}

// Hashes pairs of neighbours, level by level, until the root is left in the first place.
static void fold_tree(uint8_t (*nodes)[DIGEST], int count) {
  for (; count > 1; count /= 2) {
    for (int i = 0; i < count / 2; i++) {
      Sha256 hash;
      sha256_start(&hash);
      sha256_add(&hash, nodes[2 * i], DIGEST);
      sha256_add(&hash, nodes[2 * i + 1], DIGEST);
      sha256_finish(&hash, nodes[i]);
    }
  }
}

int main(int argc, char **argv) {
  static uint8_t message[MAX_MESSAGE], nodes[LEAVES][DIGEST];
  long messages = argc > 1 ? strtol(argv[1], NULL, 10) : 55000;
  uint64_t random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint8_t key[DIGEST] = {0};
  for (long i = 0; i < messages; i++) {
    size_t size = next_random(&random) % (MAX_MESSAGE + 1);
    for (size_t j = 0; j < size; j++)
      message[j] = (uint8_t)next_random(&random);
    hmac(nodes[i % LEAVES], key, sizeof key, message, size);
    if (i % LEAVES != LEAVES - 1)
      continue;
    fold_tree(nodes, LEAVES);
    for (int turn = 0; turn < CHAIN; turn++)
      hmac(key, key, sizeof key, nodes[0], DIGEST);
  }
  fold_tree(nodes, LEAVES);
  for (int i = 0; i < DIGEST; i++)
    printf("%02x", key[i] ^ nodes[0][i]);
  printf("\n");
  return 0;
}
