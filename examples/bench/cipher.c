// Two block ciphers at work: AES-128 (FIPS 197) with an S-box and round tables that are computed at
// the start, in counter mode, and XTEA (a Feistel cipher of shifts and additions) chained into an
// authentication tag over a part of the text. It stands for disk and network encryption: table
// look-ups by the bytes of 32-bit words, and long chains of cheap operations from block to block.
// Usage: cipher [N [SEED]], N messages of MESSAGE bytes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 4096, PART = MESSAGE / 4, ROUNDS = 10, CYCLES = 32 };

typedef struct {
  uint8_t sbox[256];
  uint32_t round[4][256]; // S-box and column mixing in one, for each byte of a column
} AesTables;

typedef struct {
  uint32_t words[4 * (ROUNDS + 1)];
} AesKey;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static void fill_bytes(uint8_t *bytes, size_t size, uint64_t *state) {
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)next_random(state);
}

static uint32_t load32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store32(uint8_t *p, uint32_t word) {
  for (int i = 0; i < 4; i++)
    p[i] = (uint8_t)(word >> (24 - 8 * i));
}

static uint32_t rotate_right(uint32_t x, int n) { return x >> (n & 31) | x << (-n & 31); }

// Multiplies by x in the field of 256 elements.
static uint8_t times_x(uint8_t a) { return (uint8_t)((a << 1) ^ ((a >> 7) * 0x11b)); }

// Finds inverses in the field through logarithms to the base x + 1.
static void build_tables(AesTables *tables) {
  uint8_t powers[256], logarithms[256], element = 1;
  for (int i = 0; i < 255; i++) {
    powers[i] = element;
    logarithms[element] = (uint8_t)i;
    element ^= times_x(element);
  }
  for (int i = 0; i < 256; i++) {
    uint32_t inverse = i == 0 ? 0 : powers[(255 - logarithms[i]) % 255], s = 0x63;
    for (int turn = 0; turn < 5; turn++)
      s ^= inverse << turn | inverse >> (8 - turn);
    tables->sbox[i] = (uint8_t)s;
    s &= 0xff;
    uint32_t twice = times_x((uint8_t)s), column = twice << 24 | s << 16 | s << 8 | (s ^ twice);
    for (int j = 0; j < 4; j++)
      tables->round[j][i] = rotate_right(column, 8 * j);
  }
}

// Takes one byte from each of the four words, from the highest to the lowest.
static uint32_t substitute(const AesTables *t, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return (uint32_t)t->sbox[a >> 24] << 24 | (uint32_t)t->sbox[b >> 16 & 255] << 16 |
         (uint32_t)t->sbox[c >> 8 & 255] << 8 | t->sbox[d & 255];
}

static void aes_expand_key(const AesTables *tables, AesKey *key, const uint8_t *bytes) {
  uint8_t constant = 1;
  for (int i = 0; i < 4; i++)
    key->words[i] = load32(bytes + 4 * i);
  for (int i = 4; i < 4 * (ROUNDS + 1); i++) {
    uint32_t word = key->words[i - 1];
    if (i % 4 == 0) {
      word = rotate_right(word, 24);
      word = substitute(tables, word, word, word, word) ^ (uint32_t)constant << 24;
      constant = times_x(constant);
    }
    key->words[i] = key->words[i - 4] ^ word;
  }
}

static void aes_encrypt(const AesTables *t, const AesKey *key, const uint8_t *in, uint8_t *out) {
  const uint32_t *words = key->words;
  uint32_t s[4], next[4];
  for (int i = 0; i < 4; i++)
    s[i] = load32(in + 4 * i) ^ words[i];
  for (int round = 1; round < ROUNDS; round++) {
    words += 4;
    for (int i = 0; i < 4; i++)
      next[i] = t->round[0][s[i] >> 24] ^ t->round[1][s[(i + 1) % 4] >> 16 & 255] ^
                t->round[2][s[(i + 2) % 4] >> 8 & 255] ^ t->round[3][s[(i + 3) % 4] & 255] ^
                words[i];
    memcpy(s, next, sizeof s);
  }
  for (int i = 0; i < 4; i++) {
    uint32_t word = substitute(t, s[i], s[(i + 1) % 4], s[(i + 2) % 4], s[(i + 3) % 4]);
    store32(out + 4 * i, word ^ words[4 + i]);
  }
}

// Adds the encrypted counter to the text, block by block.
static void aes_counter_mode(const AesTables *tables, const AesKey *key, uint8_t *counter,
                             uint8_t *text, size_t size) {
  for (size_t at = 0; at < size; at += 16) {
    uint8_t pad[16] = {0};
    aes_encrypt(tables, key, counter, pad);
    for (size_t i = 0; i < 16 && at + i < size; i++)
      text[at + i] ^= pad[i];
    for (int i = 15; i >= 0 && ++counter[i] == 0; i--)
      continue;
  }
}

static uint32_t xtea_half(uint32_t x, uint32_t key) { return ((x << 4 ^ x >> 5) + x) ^ key; }

static void xtea_encrypt(const uint32_t *key, uint32_t *left, uint32_t *right) {
  uint32_t sum = 0;
  for (int i = 0; i < CYCLES; i++) {
    *left += xtea_half(*right, sum + key[sum & 3]);
    sum += 0x9e3779b9u;
    *right += xtea_half(*left, sum + key[sum >> 11 & 3]);
  }
}

// Chains the blocks of 8 bytes, of which there is a whole number.
static uint64_t xtea_tag(const uint32_t *key, const uint8_t *text, size_t size) {
  uint32_t left = 0, right = (uint32_t)size;
  for (size_t at = 0; at < size; at += 8) {
    left ^= load32(text + at);
    right ^= load32(text + at + 4);
    xtea_encrypt(key, &left, &right);
  }
  return (uint64_t)left << 32 | right;
}

int main(int argc, char **argv) {
  static AesTables tables;
  static uint8_t text[MESSAGE];
  long messages = argc > 1 ? strtol(argv[1], NULL, 10) : 15000;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, tags = 0;
  uint8_t secret[16], counter[16];
  AesKey aes_key = {{0}};
  build_tables(&tables);
  fill_bytes(text, MESSAGE, &state);
  for (long i = 0; i < messages; i++) {
    fill_bytes(secret, sizeof secret, &state);
    fill_bytes(counter, sizeof counter, &state);
    aes_expand_key(&tables, &aes_key, secret);
    aes_counter_mode(&tables, &aes_key, counter, text, MESSAGE);
    tags = tags * 31 + xtea_tag(aes_key.words + 4, text + i % 4 * PART, PART);
  }
  printf("text %016llx tags %016llx\n", (unsigned long long)xtea_tag(aes_key.words, text, MESSAGE),
         (unsigned long long)tags);
  return 0;
}
