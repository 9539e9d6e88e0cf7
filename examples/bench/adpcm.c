/* adpcm.c - four-bit adaptive differential coding of a stereo signal.
 *
 * A small synthesiser makes stereo sound from a few oscillators and noise; every channel is cut
 * into blocks, each block is coded to four bits a sample with an adaptive step size (in the manner
 * of IMA ADPCM), decoded again and compared with what went in. It stands for the sample-by-sample
 * audio and telephony coders whose loops carry a short state from one sample to the next: table
 * look-ups, clamping, data-dependent branches, bit packing.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP_COUNT = 89, CHANNELS = 2, VOICES = 3, BLOCK_SAMPLES = 1024, HEADER_BYTES = 3 };
enum { BLOCK_BYTES = HEADER_BYTES + BLOCK_SAMPLES / 2 };

typedef struct {
  int value; /* the decoder's idea of the last sample */
  int index; /* place in the table of steps */
} CoderState;

typedef struct {
  uint32_t phase, speed;
  int level;
} Voice;

typedef struct {
  uint64_t signal, noise; /* energies */
  uint32_t digest;
} Quality;

static int steps[STEP_COUNT];
static const int index_moves[8] = {-1, -1, -1, -1, 2, 4, 6, 8};

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static int clamp(int value, int low, int high) {
  return value < low ? low : value > high ? high : value;
}

/* Steps grow by a tenth from one to the next, kept with twelve fractional bits. */
static void build_steps(void) {
  uint32_t fine = 7u << 12;
  for (int i = 0; i < STEP_COUNT; i++) {
    steps[i] = (int)(fine >> 12);
    fine += fine / 10;
  }
}

/* A sine made of two parabolas: a full turn is 2^32, the result is in -32768..32767. */
static int parabolic_sine(uint32_t phase) {
  int x = (int)(phase >> 16) - 32768;
  int folded = x < 0 ? -x : x;
  return clamp(x * (32768 - folded) / 8192, -32768, 32767);
}

static void retune(Voice *voices, uint32_t *random) {
  for (int i = 0; i < VOICES; i++) {
    voices[i].speed = (next_random(random) % 60000u + 900u) * (uint32_t)(i + 1) * 1024u;
    voices[i].level = (int)(next_random(random) % 9000u) + 300;
  }
}

static void synthesise(Voice *voices, uint32_t *random, int16_t *samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int sum = (int)(next_random(random) & 255u) - 128;
    for (int v = 0; v < VOICES; v++) {
      sum += parabolic_sine(voices[v].phase) * voices[v].level / 32768;
      voices[v].phase += voices[v].speed;
    }
    samples[i] = (int16_t)clamp(sum, -32768, 32767);
  }
}

/* Moves the state as a decoder does on reading the code: both sides must stay in step. */
static int apply_code(CoderState *state, unsigned code) {
  int step = steps[state->index];
  int change = step >> 3;
  if (code & 4)
    change += step;
  if (code & 2)
    change += step >> 1;
  if (code & 1)
    change += step >> 2;
  if (code & 8)
    change = -change;
  state->value = clamp(state->value + change, -32768, 32767);
  state->index = clamp(state->index + index_moves[code & 7], 0, STEP_COUNT - 1);
  return state->value;
}

static unsigned choose_code(const CoderState *state, int sample) {
  int step = steps[state->index];
  int difference = abs(sample - state->value);
  unsigned code = sample < state->value ? 8 : 0;
  for (unsigned bit = 4; bit != 0; bit >>= 1) {
    if (difference >= step) {
      code |= bit;
      difference -= step;
    }
    step >>= 1;
  }
  return code;
}

static void encode_block(CoderState *state, const int16_t *samples, uint8_t *bytes) {
  state->value = samples[0];
  bytes[0] = (uint8_t)(state->value & 255);
  bytes[1] = (uint8_t)((state->value >> 8) & 255);
  bytes[2] = (uint8_t)state->index;
  for (size_t i = 0; i < BLOCK_SAMPLES; i += 2) {
    unsigned low = choose_code(state, samples[i]);
    apply_code(state, low);
    unsigned high = choose_code(state, samples[i + 1]);
    apply_code(state, high);
    bytes[HEADER_BYTES + i / 2] = (uint8_t)(low | high << 4);
  }
}

static void decode_block(const uint8_t *bytes, int16_t *samples) {
  CoderState state = {(int16_t)(bytes[0] | bytes[1] << 8), clamp(bytes[2], 0, STEP_COUNT - 1)};
  for (size_t i = 0; i < BLOCK_SAMPLES / 2; i++) {
    unsigned pair = bytes[HEADER_BYTES + i];
    samples[2 * i] = (int16_t)apply_code(&state, pair & 15);
    samples[2 * i + 1] = (int16_t)apply_code(&state, pair >> 4);
  }
}

static void measure(Quality *quality, const int16_t *before, const int16_t *after, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t error = before[i] - after[i];
    quality->signal += (uint64_t)((int64_t)before[i] * before[i]);
    quality->noise += (uint64_t)(error * error);
    quality->digest = (quality->digest << 5 | quality->digest >> 27) + (uint16_t)after[i];
  }
}

static uint32_t digest_bytes(uint32_t digest, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    digest = (digest ^ bytes[i]) * 16777619u;
  return digest;
}

int main(int argc, char **argv) {
  static int16_t sound[BLOCK_SAMPLES], decoded[BLOCK_SAMPLES];
  static uint8_t coded[BLOCK_BYTES];
  long blocks = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t random = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
  CoderState states[CHANNELS] = {{0, 0}, {0, 0}};
  Voice voices[CHANNELS][VOICES] = {{{0, 0, 0}}};
  Quality quality[CHANNELS] = {{0, 0, 1}, {0, 0, 2}};
  uint32_t stream = 2166136261u;
  if (blocks <= 0)
    return fprintf(stderr, "usage: %s BLOCKS [SEED]\n", argv[0]), 2;
  build_steps();
  for (long block = 0; block < blocks; block++) {
    for (int c = 0; c < CHANNELS; c++) {
      if ((block + 4 * c) % 8 == 0 || block == 0)
        retune(voices[c], &random);
      synthesise(voices[c], &random, sound, BLOCK_SAMPLES);
      encode_block(&states[c], sound, coded);
      stream = digest_bytes(stream, coded, BLOCK_BYTES);
      decode_block(coded, decoded);
      measure(&quality[c], sound, decoded, BLOCK_SAMPLES);
    }
  }
  for (int c = 0; c < CHANNELS; c++) {
    uint64_t ratio = quality[c].signal / (quality[c].noise / 100 + 1);
    printf("channel %d: signal %" PRIu64 " noise %" PRIu64 " ratio %" PRIu64
           " to 100, digest %08" PRIx32 "\n",
           c, quality[c].signal, quality[c].noise, ratio, quality[c].digest);
  }
  printf("stream %08" PRIx32 "\n", stream);
  return 0;
}
