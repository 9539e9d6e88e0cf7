// Checksums over buffers: CRC-32 bit by bit for short headers, by table, and four bytes at a time
// by four tables, Adler-32 with postponed remainders, FNV-1a in 32 and 64 bits, and Fletcher-32
// over 16-bit words. It stands for the integrity checks of archives, file systems and network
// stacks: long dependence chains through table loads, multiplications and sums over byte arrays.
//
// Usage: checksum [N [SEED]], N packets of up to MAX_PACKET bytes.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER = 48, MIN_PACKET = 512, MAX_PACKET = 16384 };

static const uint32_t crc_polynomial = 0xedb88320u;

typedef struct {
  uint32_t steps[4][256]; // steps[k][b]: the effect of byte b followed by k zero bytes
} CrcTables;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

static void fill_packet(uint8_t *bytes, size_t size, uint64_t *state) {
  for (size_t i = 0; i < size; i += 4) {
    uint32_t random = next_random(state);
    for (size_t j = i; j < i + 4 && j < size; j++, random >>= 8)
      bytes[j] = (uint8_t)random;
  }
}

static uint32_t crc_shift_byte(uint32_t crc) {
  for (int bit = 0; bit < 8; bit++)
    crc = (crc & 1) != 0 ? (crc >> 1) ^ crc_polynomial : crc >> 1;
  return crc;
}

static void build_crc_tables(CrcTables *tables) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int k = 0; k < 4; k++) {
      crc = crc_shift_byte(crc);
      tables->steps[k][byte] = crc;
    }
  }
}

static uint32_t crc_by_bits(const uint8_t *bytes, size_t size) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; i++)
    crc = crc_shift_byte(crc ^ bytes[i]);
  return ~crc;
}

static uint32_t crc_by_table(const CrcTables *tables, const uint8_t *bytes, size_t size) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; i++)
    crc = (crc >> 8) ^ tables->steps[0][(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

static uint32_t load_little32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t crc_by_slices(const CrcTables *tables, const uint8_t *bytes, size_t size) {
  uint32_t crc = 0xffffffffu;
  for (; size >= 4; bytes += 4, size -= 4) {
    crc ^= load_little32(bytes);
    crc = tables->steps[3][crc & 0xff] ^ tables->steps[2][(crc >> 8) & 0xff] ^
          tables->steps[1][(crc >> 16) & 0xff] ^ tables->steps[0][crc >> 24];
  }
  for (; size > 0; bytes++, size--)
    crc = (crc >> 8) ^ tables->steps[0][(crc ^ *bytes) & 0xff];
  return ~crc;
}

// Blocks of 5552 bytes are the longest whose sums stay below 2^32.
static uint32_t adler32(const uint8_t *bytes, size_t size) {
  uint32_t low = 1, high = 0;
  while (size > 0) {
    size_t block = size < 5552 ? size : 5552;
    for (size_t i = 0; i < block; i++) {
      low += bytes[i];
      high += low;
    }
    low %= 65521;
    high %= 65521;
    bytes += block;
    size -= block;
  }
  return high << 16 | low;
}

static uint32_t fnv32(const uint8_t *bytes, size_t size) {
  uint32_t hash = 0x811c9dc5u;
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 0x01000193u;
  return hash;
}

static uint64_t fnv64(const uint8_t *bytes, size_t size) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 0x00000100000001b3u;
  return hash;
}

// Sums 16-bit little-endian words; an odd last byte counts as a word with a zero byte after it.
static uint32_t fletcher32(const uint8_t *bytes, size_t size) {
  uint32_t low = 0, high = 0;
  for (size_t i = 0; i < size; i += 2) {
    uint32_t word = bytes[i] | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0);
    low = (low + word) % 65535;
    high = (high + low) % 65535;
  }
  return high << 16 | low;
}

int main(int argc, char **argv) {
  static CrcTables tables;
  static uint8_t packet[MAX_PACKET];
  long packets = argc > 1 ? strtol(argv[1], NULL, 10) : 7000;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint64_t crcs = 0, sums = 0, hashes = 0;

  build_crc_tables(&tables);
  for (long i = 0; i < packets; i++) {
    size_t size = MIN_PACKET + next_random(&state) % (MAX_PACKET - MIN_PACKET + 1);
    fill_packet(packet, size, &state);
    crcs = mix(crcs, crc_by_bits(packet, HEADER));
    crcs = mix(crcs, crc_by_table(&tables, packet + HEADER, size - HEADER));
    crcs = mix(crcs, crc_by_slices(&tables, packet, size));
    sums = mix(sums, adler32(packet, size));
    sums = mix(sums, fletcher32(packet, size));
    hashes = mix(hashes, fnv32(packet, size));
    hashes = mix(hashes, fnv64(packet, size));
  }
  printf("crcs %016llx sums %016llx\n", (unsigned long long)crcs, (unsigned long long)sums);
  printf("hashes %016llx check %08x\n", (unsigned long long)hashes,
         (unsigned)crc_by_slices(&tables, (const uint8_t *)"123456789", 9));
  return 0;
}
