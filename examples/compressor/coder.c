#include "pack.h"

enum { RATE = 5 };

void start_encoder(struct coder *coder, uint8_t *out) {
  *coder = (struct coder){.low = 0, .high = UINT32_MAX, .out = out};
}

void start_decoder(struct coder *coder, const uint8_t *in, size_t size) {
  *coder = (struct coder){.low = 0, .high = UINT32_MAX, .in = in, .end = in + size};
  for (int i = 0; i < 4; i++)
    coder->code = coder->code << 8 | (coder->in < coder->end ? *coder->in++ : 0);
}

uint8_t *finish_encoder(struct coder *coder) {
  for (int i = 0; i < 4; i++) {
    *coder->out++ = (uint8_t)(coder->high >> 24);
    coder->high <<= 8;
  }
  return coder->out;
}

static uint32_t split(const struct coder *coder, uint16_t model) {
  return coder->low + (uint32_t)(((uint64_t)(coder->high - coder->low) * model) >> 16);
}

static int ends_agree(const struct coder *coder) { return (coder->low ^ coder->high) < 1u << 24; }

static void widen(struct coder *coder) {
  coder->low <<= 8;
  coder->high = coder->high << 8 | 255;
}

void encode(struct coder *coder, uint16_t *tree, int bits, unsigned symbol) {
  unsigned node = 1;
  for (int i = bits - 1; i >= 0; i--) {
    unsigned bit = symbol >> i & 1;
    uint32_t middle = split(coder, tree[node]);
    if (bit) {
      coder->high = middle;
      tree[node] += (65535 - tree[node]) >> RATE;
    } else {
      coder->low = middle + 1;
      tree[node] -= tree[node] >> RATE;
    }
    node = 2 * node + bit;
    while (ends_agree(coder)) {
      *coder->out++ = (uint8_t)(coder->high >> 24);
      widen(coder);
    }
  }
}

unsigned decode(struct coder *coder, uint16_t *tree, int bits) {
  unsigned node = 1;
  for (int i = 0; i < bits; i++) {
    uint32_t middle = split(coder, tree[node]);
    if (coder->code <= middle) {
      coder->high = middle;
      tree[node] += (65535 - tree[node]) >> RATE;
      node = 2 * node + 1;
    } else {
      coder->low = middle + 1;
      tree[node] -= tree[node] >> RATE;
      node = 2 * node;
    }
    while (ends_agree(coder)) {
      widen(coder);
      coder->code = coder->code << 8 | (coder->in < coder->end ? *coder->in++ : 0);
    }
  }
  return node - (1u << bits);
}
