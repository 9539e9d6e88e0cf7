/* entropy.c - the lossless half of the picture coder in this folder.
 *
 * Levels in zig-zag order become tokens (a run of zeros with the size of the level after it, then
 * the bits of that level); the tokens are counted, canonical Huffman codes are built from the
 * counts, and lengths and tokens are written as bits. See main.c for the whole.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { AREA = 64, SYMBOLS = 256, LONGEST = 31, END_OF_BLOCK = 0x00, SIXTEEN_ZEROS = 0xf0 };

typedef struct {
  uint8_t symbol, table; /* table 0 is for the first level of a block, 1 for all others */
  uint16_t extra;
} Token;

typedef struct {
  uint32_t counts[SYMBOLS];
  uint8_t lengths[SYMBOLS];
  uint32_t codes[SYMBOLS];
  uint32_t first_code[LONGEST + 1], first_place[LONGEST + 1], of_length[LONGEST + 1];
  uint8_t sorted[SYMBOLS];
} Table;

typedef struct {
  uint8_t *bytes;
  size_t at, end;
  uint64_t pending;
  unsigned held;
} Bits;

static void put_bits(Bits *bits, uint32_t value, unsigned count) {
  bits->pending = bits->pending << count | value;
  bits->held += count;
  while (bits->held >= 8) {
    bits->held -= 8;
    if (bits->at < bits->end)
      bits->bytes[bits->at++] = (uint8_t)(bits->pending >> bits->held);
  }
}

/* Past the end there are zeros. */
static uint32_t get_bits(Bits *bits, unsigned count) {
  while (bits->held < count) {
    bits->pending = bits->pending << 8 | (bits->at < bits->end ? bits->bytes[bits->at] : 0);
    bits->at++;
    bits->held += 8;
  }
  bits->held -= count;
  return (uint32_t)(bits->pending >> bits->held) & ((1u << count) - 1);
}

static Token make_token(unsigned run, int level, unsigned table) {
  unsigned size = 0;
  for (int rest = abs(level); rest != 0; rest >>= 1)
    size++;
  int extra = level < 0 ? level + (1 << size) - 1 : level;
  return (Token){(uint8_t)(run << 4 | size), (uint8_t)table, (uint16_t)extra};
}

static size_t make_tokens(const int16_t *levels, size_t blocks, Token *tokens) {
  size_t count = 0;
  int previous = 0;
  for (size_t b = 0; b < blocks; b++, levels += AREA) {
    unsigned run = 0;
    tokens[count++] = make_token(0, levels[0] - previous, 0);
    previous = levels[0];
    for (int i = 1; i < AREA; i++) {
      if (levels[i] == 0) {
        run++;
        continue;
      }
      for (; run >= 16; run -= 16)
        tokens[count++] = (Token){SIXTEEN_ZEROS, 1, 0};
      tokens[count++] = make_token(run, levels[i], 1);
      run = 0;
    }
    if (run != 0)
      tokens[count++] = (Token){END_OF_BLOCK, 1, 0};
  }
  return count;
}

static int lightest(const uint32_t *weights, int except) {
  int best = -1;
  for (int s = 0; s < SYMBOLS; s++)
    if (s != except && weights[s] != 0 && (best < 0 || weights[s] < weights[best]))
      best = s;
  return best;
}

/* Joins the two lightest trees until one is left; every join makes the codes in both longer. */
static void find_lengths(Table *table) {
  uint32_t weights[SYMBOLS];
  int tree_of[SYMBOLS], one, two;
  for (int s = 0; s < SYMBOLS; s++) {
    weights[s] = table->counts[s];
    tree_of[s] = s;
  }
  while (one = lightest(weights, -1), (two = lightest(weights, one)) >= 0) {
    weights[one] += weights[two];
    weights[two] = 0;
    for (int s = 0; s < SYMBOLS; s++)
      if (table->counts[s] != 0 && (tree_of[s] == one || tree_of[s] == two)) {
        tree_of[s] = one;
        table->lengths[s]++;
      }
  }
}

/* Canonical codes: counted up within a length, in the order of the symbols. */
static void assign_codes(Table *table) {
  uint32_t code = 0, place = 0;
  for (int length = 1; length <= LONGEST; length++, code <<= 1) {
    table->first_code[length] = code;
    table->first_place[length] = place;
    for (int s = 0; s < SYMBOLS; s++)
      if (table->lengths[s] == length) {
        table->codes[s] = code++;
        table->sorted[place++] = (uint8_t)s;
      }
    table->of_length[length] = place - table->first_place[length];
  }
}

/* Bits that are no code at all end the block. */
static int get_symbol(Bits *bits, const Table *table) {
  uint32_t code = 0;
  for (int length = 1; length <= LONGEST; length++) {
    code = code << 1 | get_bits(bits, 1);
    uint32_t nth = code - table->first_code[length];
    if (nth < table->of_length[length])
      return table->sorted[table->first_place[length] + nth];
  }
  return END_OF_BLOCK;
}

static int get_level(Bits *bits, unsigned size) {
  int extra = (int)get_bits(bits, size);
  return size != 0 && extra < 1 << (size - 1) ? extra - (1 << size) + 1 : extra;
}

/* Returns the number of bytes written, or 0 when they do not fit. */
size_t entropy_encode(const int16_t *levels, size_t blocks, uint8_t *bytes, size_t capacity) {
  Table tables[2] = {{{0}, {0}, {0}, {0}, {0}, {0}, {0}}};
  Bits bits = {bytes, 0, capacity, 0, 0};
  Token *tokens = malloc(blocks * AREA * sizeof *tokens);
  if (!tokens)
    return 0;
  size_t count = make_tokens(levels, blocks, tokens);
  for (size_t i = 0; i < count; i++)
    tables[tokens[i].table].counts[tokens[i].symbol]++;
  for (int t = 0; t < 2; t++) {
    tables[t].counts[0]++; /* no table has fewer than two symbols */
    tables[t].counts[1]++;
    find_lengths(&tables[t]);
    assign_codes(&tables[t]);
    for (int s = 0; s < SYMBOLS; s++)
      put_bits(&bits, tables[t].lengths[s], 5);
  }
  for (size_t i = 0; i < count; i++) {
    const Table *table = &tables[tokens[i].table];
    put_bits(&bits, table->codes[tokens[i].symbol], table->lengths[tokens[i].symbol]);
    put_bits(&bits, tokens[i].extra, tokens[i].symbol & 15);
  }
  put_bits(&bits, 0, 7);
  free(tokens);
  return bits.at < capacity ? bits.at : 0;
}

/* Returns 0, or -1 when the bytes make no sense. */
int entropy_decode(uint8_t *bytes, size_t length, int16_t *levels, size_t blocks) {
  Table tables[2] = {{{0}, {0}, {0}, {0}, {0}, {0}, {0}}};
  Bits bits = {bytes, 0, length, 0, 0};
  int previous = 0;
  for (int t = 0; t < 2; t++) {
    for (int s = 0; s < SYMBOLS; s++)
      tables[t].lengths[s] = (uint8_t)get_bits(&bits, 5);
    assign_codes(&tables[t]);
  }
  for (size_t b = 0; b < blocks; b++, levels += AREA) {
    memset(levels, 0, AREA * sizeof *levels);
    previous += get_level(&bits, get_symbol(&bits, &tables[0]) & 15);
    levels[0] = (int16_t)previous;
    for (int i = 1; i < AREA; i++) {
      int symbol = get_symbol(&bits, &tables[1]);
      if (symbol == END_OF_BLOCK)
        break;
      i += symbol >> 4;
      if (i >= AREA)
        return -1;
      levels[i] = (int16_t)get_level(&bits, symbol & 15);
    }
  }
  return 0;
}
