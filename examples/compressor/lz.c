/* Greedy LZ77 with hash chains; flags, literals, lengths and distances are coded adaptively. */
#include "pack.h"

#include <string.h>

enum {
  HASH_BITS = 14,
  WINDOW = 1 << 15,
  CHAIN = 16,
  SHORTEST = 4,
  LONGEST = SHORTEST + 255,
  NOWHERE = -1
};

struct models {
  uint16_t is_match[2];
  uint16_t literal[256][256]; /* by the byte before */
  uint16_t length[256];
  uint16_t distance_high[256];
  uint16_t distance_low[256];
};

static void reset(struct models *models) {
  uint16_t *all = (uint16_t *)models;
  for (size_t i = 0; i < sizeof *models / sizeof *all; i++)
    all[i] = 32768;
}

static unsigned hash(const uint8_t *p) {
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word * 2654435761u >> (32 - HASH_BITS);
}

static int match_length(const uint8_t *a, const uint8_t *b, int limit) {
  int length = 0;
  while (length < limit && a[length] == b[length])
    length++;
  return length;
}

static int head[1 << HASH_BITS];
static int previous[WINDOW];

static void remember(const uint8_t *data, int at) {
  unsigned h = hash(data + at);
  previous[at % WINDOW] = head[h];
  head[h] = at;
}

static int longest_match(const uint8_t *data, int at, int limit, int *where) {
  int best = 0;
  int candidate = head[hash(data + at)];
  for (int tries = 0; tries < CHAIN && candidate != NOWHERE && at - candidate < WINDOW; tries++) {
    int length = match_length(data + candidate, data + at, limit);
    if (length > best) {
      best = length;
      *where = candidate;
    }
    candidate = previous[candidate % WINDOW];
  }
  return best;
}

size_t pack(const uint8_t *data, size_t size, uint8_t *out) {
  static struct models models;
  struct coder coder;
  reset(&models);
  memset(head, NOWHERE, sizeof head);
  start_encoder(&coder, out);

  int count = (int)size;
  for (int at = 0; at < count;) {
    int left = count - at, where = 0, length = 0;
    if (left >= SHORTEST)
      length = longest_match(data, at, left < LONGEST ? left : LONGEST, &where);
    if (length >= SHORTEST) {
      unsigned distance = (unsigned)(at - where);
      encode(&coder, models.is_match, 1, 1);
      encode(&coder, models.length, 8, (unsigned)(length - SHORTEST));
      encode(&coder, models.distance_high, 8, distance >> 8);
      encode(&coder, models.distance_low, 8, distance & 255);
    } else {
      length = 1;
      encode(&coder, models.is_match, 1, 0);
      encode(&coder, models.literal[at ? data[at - 1] : 0], 8, data[at]);
    }
    for (; length > 0; length--, at++)
      if (count - at >= SHORTEST)
        remember(data, at);
  }
  return (size_t)(finish_encoder(&coder) - out);
}

void unpack(const uint8_t *in, size_t in_size, uint8_t *data, size_t size) {
  static struct models models;
  struct coder coder;
  reset(&models);
  start_decoder(&coder, in, in_size);

  for (size_t at = 0; at < size;) {
    if (decode(&coder, models.is_match, 1)) {
      size_t length = decode(&coder, models.length, 8) + SHORTEST;
      size_t distance = decode(&coder, models.distance_high, 8) << 8;
      distance |= decode(&coder, models.distance_low, 8);
      if (distance == 0 || distance > at)
        return;
      for (; length > 0 && at < size; length--, at++)
        data[at] = data[at - distance];
    } else {
      unsigned before = at ? data[at - 1] : 0;
      data[at++] = (uint8_t)decode(&coder, models.literal[before], 8);
    }
  }
}
