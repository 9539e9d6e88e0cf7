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

static uint32_t split(uint32_t low, uint32_t high, uint32_t model) {
  return low + (uint32_t)(((uint64_t)(high - low) * model) >> 16);
}

void encode(struct coder *coder, uint16_t *tree, int bits, unsigned symbol) {
  uint32_t low = coder->low, high = coder->high;
  uint8_t *out = coder->out;
  unsigned node = 1;
  for (int i = bits - 1; i >= 0; i--) {
    unsigned bit = symbol >> i & 1;
    uint32_t model = tree[node];
    uint32_t middle = split(low, high, model);
    if (bit) {
      high = middle;
      model += (65535 - model) >> RATE;
    } else {
      low = middle + 1;
      model -= model >> RATE;
    }
    tree[node] = (uint16_t)model;
    node = 2 * node + bit;
    while ((low ^ high) < 1u << 24) {
      *out++ = (uint8_t)(high >> 24);
      low <<= 8;
      high = high << 8 | 255;
    }
  }
  coder->low = low;
  coder->high = high;
  coder->out = out;
}

unsigned decode(struct coder *coder, uint16_t *tree, int bits) {
  uint32_t low = coder->low, high = coder->high, code = coder->code;
  unsigned node = 1;
  for (int i = 0; i < bits; i++) {
    uint32_t model = tree[node];
    uint32_t middle = split(low, high, model);
    unsigned bit = code <= middle;
    if (bit) {
      high = middle;
      model += (65535 - model) >> RATE;
    } else {
      low = middle + 1;
      model -= model >> RATE;
    }
    tree[node] = (uint16_t)model;
    node = 2 * node + bit;
    while ((low ^ high) < 1u << 24) {
      low <<= 8;
      high = high << 8 | 255;
      code = code << 8 | (coder->in < coder->end ? *coder->in++ : 0);
    }
  }
  coder->low = low;
  coder->high = high;
  coder->code = code;
  return node - (1u << bits);
}
