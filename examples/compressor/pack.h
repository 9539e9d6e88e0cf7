#ifndef PACK_H
#define PACK_H

#include <stddef.h>
#include <stdint.h>

/* An adaptive binary coder: the interval [low, high], and models that hold the probability of a one
   in 1/65536. Both ends shift out the bytes on which they agree. */
struct coder {
  uint32_t low, high, code;
  uint8_t *out;            /* encoder */
  const uint8_t *in, *end; /* decoder */
};

void start_encoder(struct coder *coder, uint8_t *out);
void start_decoder(struct coder *coder, const uint8_t *in, size_t size);
uint8_t *finish_encoder(struct coder *coder);

/* One symbol of some bits, most significant first; tree holds 1 << bits models. */
void encode(struct coder *coder, uint16_t *tree, int bits, unsigned symbol);
unsigned decode(struct coder *coder, uint16_t *tree, int bits);

/* Returns the packed size; out must have room for 2 * size + 64. */
size_t pack(const uint8_t *data, size_t size, uint8_t *out);
void unpack(const uint8_t *in, size_t in_size, uint8_t *data, size_t size);

uint32_t crc32(const uint8_t *data, size_t size);

#endif
