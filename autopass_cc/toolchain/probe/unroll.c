/* Trip counts known at compile time whose unrolled size lies between the thresholds of -O2 (150) and -O3 (300). */
#include <stdint.h>

static const uint32_t table[64] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

uint32_t ten(const uint32_t *p, uint32_t h) {
  for (int i = 0; i < 10; i++) {
    h ^= p[i] * 2654435761u;
    h = (h << 5) | (h >> 27);
    h += table[(h >> 3) & 63] ^ p[i];
    h *= 16777619u;
    h -= p[i] >> 7;
  }
  return h;
}

uint32_t twenty(const uint32_t *p, uint32_t h) {
  for (int i = 0; i < 20; i++) {
    h ^= p[i] + (h << 6) + (h >> 2);
    if (h & 1)
      h = (h >> 1) ^ 0xedb88320u;
    h += (uint32_t)i;
  }
  return h;
}

void small_matrix(int out[4][4], int a[4][4], int b[4][4]) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      out[i][j] = 0;
      for (int k = 0; k < 4; k++)
        out[i][j] += a[i][k] * b[k][j];
    }
}

uint32_t rounds(uint32_t s[4], const uint32_t key[12]) {
  for (int i = 0; i < 12; i++) {
    uint32_t t = s[0];
    s[0] = s[1] ^ (key[i] + table[(t & 15) + i]);
    s[1] = s[2] + ((t << 7) | (t >> 25));
    s[2] = s[3] ^ (s[0] * 9);
    s[3] = t - key[(i + 5) % 12];
  }
  return s[0] ^ s[1] ^ s[2] ^ s[3];
}
