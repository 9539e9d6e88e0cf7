/* window.c - a sliding-window compressor and decompressor.
 *
 * Makes text-like data (words of syllables, some far more common than others, and phrases said
 * again), compresses each piece by replacing repeated strings with references to earlier ones,
 * found through hash chains with one step of lazy matching, and expands it again. It stands for
 * general-purpose compressors: hashing, chains in arrays, comparisons of unpredictable length.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 65536, SLACK = 256, WORDS = 600, WORD_ROOM = 16, HASH_BITS = 13, TRIES = 24 };
enum { LEAST_MATCH = 4, MOST_MATCH = LEAST_MATCH + 127, MOST_LITERALS = 128, NOWHERE = -1 };

typedef struct {
  char words[WORDS][WORD_ROOM];
  uint32_t random;
} Writer;

typedef struct {
  const uint8_t *data;
  int size;
  int heads[1 << HASH_BITS]; /* the last place of every hash */
  int before[PIECE];         /* the place before with the same hash */
} Finder;

typedef struct {
  int length, distance;
} Match;

static uint32_t draw(Writer *writer, uint32_t below) {
  writer->random = writer->random * 1664525u + 1013904223u;
  return (writer->random >> 10) % below;
}

static void invent_words(Writer *writer) {
  for (int w = 0; w < WORDS; w++) {
    char *letter = writer->words[w];
    for (uint32_t syllables = 1 + draw(writer, 4); syllables > 0; syllables--) {
      *letter++ = "bdfghklmnprstvwz"[draw(writer, 16)];
      *letter++ = "aeiouaeiy"[draw(writer, 9)];
    }
    *letter = '\0';
  }
}

/* Writes a little over the size. Drawing twice makes low-numbered words common. */
static void write_text(Writer *writer, uint8_t *text, size_t size) {
  for (size_t at = 0; at < size;) {
    uint32_t choice = draw(writer, 40);
    if (choice == 0 && at > 200) {
      const uint8_t *from = text + draw(writer, (uint32_t)at - 100);
      for (uint32_t left = 12 + draw(writer, 60); left > 0; left--)
        text[at++] = *from++;
      continue;
    }
    const char *letter = writer->words[draw(writer, draw(writer, WORDS) + 1)];
    while (*letter)
      text[at++] = (uint8_t)*letter++;
    if (choice < 4)
      text[at++] = choice == 1 ? '.' : ',';
    text[at++] = choice == 1 ? '\n' : ' ';
  }
}

static unsigned hash_at(const uint8_t *data) {
  uint32_t pair = data[0] | (uint32_t)data[1] << 8, next = data[2] | (uint32_t)data[3] << 8;
  return (pair | next << 16) * 2654435761u >> (32 - HASH_BITS);
}

static void note_place(Finder *finder, int at) {
  if (at + LEAST_MATCH > finder->size)
    return;
  unsigned hash = hash_at(finder->data + at);
  finder->before[at] = finder->heads[hash];
  finder->heads[hash] = at;
}

static int common_length(const uint8_t *a, const uint8_t *b, int limit) {
  int length = 0;
  while (length < limit && a[length] == b[length])
    length++;
  return length;
}

/* The longest string noted before `at` that goes on from there; of equal ones the nearest. */
static Match find_match(const Finder *finder, int at) {
  Match best = {LEAST_MATCH - 1, 0};
  const uint8_t *here = finder->data + at;
  int limit = finder->size - at < MOST_MATCH ? finder->size - at : MOST_MATCH;
  int place = limit < LEAST_MATCH ? NOWHERE : finder->heads[hash_at(here)];
  for (int tries = TRIES; place != NOWHERE && tries > 0; tries--) {
    if (finder->data[place + best.length] == here[best.length]) {
      int length = common_length(finder->data + place, here, limit);
      if (length > best.length)
        best = (Match){length, at - place};
      if (length == limit)
        break;
    }
    place = finder->before[place];
  }
  return best;
}

/* A byte below 128 tells how many literals follow, less one. */
static size_t put_literals(uint8_t *out, const uint8_t *from, const uint8_t *end) {
  size_t size = 0;
  while (from < end) {
    size_t count = end - from < MOST_LITERALS ? (size_t)(end - from) : MOST_LITERALS;
    out[size] = (uint8_t)(count - 1);
    memcpy(out + size + 1, from, count);
    size += count + 1;
    from += count;
  }
  return size;
}

/* A match is taken unless there is a longer one a byte further on. */
static size_t compress(Finder *finder, uint8_t *out) {
  const uint8_t *waiting = finder->data; /* literals that are not yet written */
  size_t written = 0;
  memset(finder->heads, NOWHERE, sizeof finder->heads);
  for (int at = 0; at < finder->size;) {
    Match match = find_match(finder, at);
    note_place(finder, at++);
    if (match.distance == 0 || find_match(finder, at).length > match.length)
      continue;
    written += put_literals(out + written, waiting, finder->data + at - 1);
    out[written++] = (uint8_t)(128 + match.length - LEAST_MATCH);
    out[written++] = (uint8_t)(match.distance & 255);
    out[written++] = (uint8_t)(match.distance >> 8);
    for (int left = match.length - 1; left > 0; left--)
      note_place(finder, at++);
    waiting = finder->data + at;
  }
  return written + put_literals(out + written, waiting, finder->data + finder->size);
}

static size_t expand(const uint8_t *in, const uint8_t *end, uint8_t *out) {
  size_t written = 0;
  while (in < end) {
    int token = *in++;
    int count = token < 128 ? token + 1 : token - 128 + LEAST_MATCH;
    const uint8_t *from = token < 128 ? in : out + written - (in[0] | in[1] << 8);
    in += token < 128 ? count : 2;
    for (; count > 0; count--)
      out[written++] = *from++;
  }
  return written;
}

static uint32_t digest(uint32_t sum, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

int main(int argc, char **argv) {
  static uint8_t text[PIECE + SLACK], packed[PIECE + PIECE / 64], again[PIECE];
  static Finder finder = {text, PIECE, {0}, {0}};
  static Writer writer;
  long pieces = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint32_t sum = 2166136261u;
  unsigned long total = 0, wrong = 0;
  writer.random = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
  if (pieces <= 0)
    return fprintf(stderr, "usage: %s PIECES [SEED]\n", argv[0]), 2;
  invent_words(&writer);
  for (long i = 0; i < pieces; i++) {
    write_text(&writer, text, PIECE);
    size_t size = compress(&finder, packed);
    sum = digest(sum, packed, size);
    wrong += expand(packed, packed + size, again) != PIECE || memcmp(text, again, PIECE) != 0;
    total += size;
  }
  printf("bytes %lu, pieces that differ %lu\ndigest %08" PRIx32 "\n", total, wrong, sum);
  return 0;
}
