/* huffman.c - move-to-front and canonical Huffman coding of bytes.
 *
 * Makes blocks of bytes that come in small groups (as after a block sort), recodes them as ranks in
 * a move-to-front list, codes the ranks by a Huffman code built with a binary heap, and goes all
 * the way back. It stands for the entropy stage of compressors: a list searched and shifted for
 * every byte, a heap, shifts and masks of a bit buffer, dependent table look-ups.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 32768, SYMBOLS = 256, NODES = 2 * SYMBOLS - 1, LONGEST = 24, ROOM = 4 * BLOCK };

typedef struct {
  uint32_t weights[NODES];
  int items[SYMBOLS]; /* tree nodes, the lightest first */
  int count;
} Heap;

typedef struct {
  uint8_t lengths[NODES];     /* of the symbols, then of the inner nodes of the tree */
  uint8_t sorted[SYMBOLS];    /* symbols in the order of their codes */
  uint32_t codes[SYMBOLS];    /* aligned to the right */
  uint32_t ends[LONGEST + 1]; /* codes of this length or less are below, aligned to the left */
  int offsets[LONGEST + 1];   /* from a code of this length to its place in sorted */
} Code;

typedef struct {
  uint8_t *bytes;
  size_t at;
  uint64_t pending; /* of which the low `held` bits are waiting */
  int held;
} Stream;

/* Every stretch draws from its own small alphabet, with favourites. */
static void make_block(uint8_t *data, uint64_t *random) {
  uint32_t base = 0, spread = 1;
  for (size_t i = 0; i < BLOCK; i++) {
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    uint32_t pick = (uint32_t)(*random >> 33);
    if (pick % 400 == 0) {
      base = pick >> 12;
      spread = 1 + (pick >> 20) % 24;
    }
    data[i] = (uint8_t)(base + (pick % spread) * (pick / 32 % spread) / spread * 7);
  }
}

static uint8_t pull_forward(uint8_t *list, int rank) {
  uint8_t byte = list[rank];
  for (; rank > 0; rank--)
    list[rank] = list[rank - 1];
  return list[0] = byte;
}

static void move_to_front(uint8_t *list, const uint8_t *data, uint8_t *ranks) {
  for (size_t i = 0; i < BLOCK; i++) {
    int rank = 0;
    while (list[rank] != data[i])
      rank++;
    pull_forward(list, rank);
    ranks[i] = (uint8_t)rank;
  }
}

/* Puts an item in a place of the heap and lets it sink. */
static void sink(Heap *heap, int at, int item) {
  for (int child = 2 * at + 1; child < heap->count; child = 2 * at + 1) {
    const int *pair = heap->items + child;
    if (child + 1 < heap->count && heap->weights[pair[1]] < heap->weights[pair[0]])
      child++;
    if (heap->weights[item] <= heap->weights[heap->items[child]])
      break;
    heap->items[at] = heap->items[child];
    at = child;
  }
  heap->items[at] = item;
}

/* Every symbol gets a code, as if it had been seen once more than it was. */
static void find_lengths(const uint8_t *ranks, uint8_t *lengths) {
  Heap heap = {{0}, {0}, SYMBOLS};
  int parents[NODES] = {0};
  for (int s = 0; s < SYMBOLS; s++) {
    heap.weights[s] = 1;
    heap.items[s] = s;
  }
  for (size_t i = 0; i < BLOCK; i++)
    heap.weights[ranks[i]]++;
  for (int at = SYMBOLS / 2; at >= 0; at--)
    sink(&heap, at, heap.items[at]);
  for (int node = SYMBOLS; node < NODES; node++) {
    int one = heap.items[0];
    sink(&heap, 0, heap.items[--heap.count]);
    heap.weights[node] = heap.weights[one] + heap.weights[heap.items[0]];
    parents[one] = parents[heap.items[0]] = node;
    sink(&heap, 0, node);
  }
  lengths[NODES - 1] = 0;
  for (int node = NODES - 2; node >= 0; node--)
    lengths[node] = (uint8_t)(lengths[parents[node]] + 1);
}

static void assign_codes(Code *code) {
  uint32_t next = 0;
  int place = 0;
  for (int length = 1; length <= LONGEST; length++, next <<= 1) {
    code->offsets[length] = place - (int)next;
    for (int s = 0; s < SYMBOLS; s++)
      if (code->lengths[s] == length) {
        code->codes[s] = next++;
        code->sorted[place++] = (uint8_t)s;
      }
    code->ends[length] = next << (LONGEST - length);
  }
}

static void put_bits(Stream *out, uint32_t value, int count) {
  out->pending = out->pending << count | value;
  for (out->held += count; out->held >= 8; out->held -= 8)
    out->bytes[out->at++] = (uint8_t)(out->pending >> (out->held - 8));
}

static int get_symbol(Stream *in, const Code *code) {
  for (; in->held < LONGEST; in->held += 8)
    in->pending = in->pending << 8 | in->bytes[in->at++];
  uint32_t bits = (uint32_t)(in->pending >> (in->held - LONGEST)) & ((1u << LONGEST) - 1);
  int length = 1;
  while (length < LONGEST && bits >= code->ends[length])
    length++;
  in->held -= length;
  return code->sorted[code->offsets[length] + (int)(bits >> (LONGEST - length))];
}

static size_t encode(const Code *code, const uint8_t *ranks, uint8_t *bytes) {
  Stream out = {bytes, 0, 0, 0};
  for (size_t i = 0; i < BLOCK; i++)
    put_bits(&out, code->codes[ranks[i]], code->lengths[ranks[i]]);
  put_bits(&out, 0, LONGEST + 7); /* a decoder looks a little ahead */
  return out.at;
}

static void decode(const Code *code, uint8_t *list, uint8_t *bytes, uint8_t *data) {
  Stream in = {bytes, 0, 0, 0};
  for (size_t i = 0; i < BLOCK; i++)
    data[i] = pull_forward(list, get_symbol(&in, code));
}

static uint32_t digest(uint32_t sum, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

int main(int argc, char **argv) {
  static uint8_t data[BLOCK], ranks[BLOCK], coded[ROOM], again[BLOCK], lists[2][SYMBOLS];
  static Code code;
  long blocks = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t random = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  uint32_t coded_sum = 2166136261u, data_sums[2] = {2166136261u, 2166136261u};
  if (blocks <= 0)
    return fprintf(stderr, "usage: %s BLOCKS [SEED]\n", argv[0]), 2;
  for (int i = 0; i < SYMBOLS; i++)
    lists[0][i] = lists[1][i] = (uint8_t)i;
  for (long block = 0; block < blocks; block++) {
    make_block(data, &random);
    data_sums[0] = digest(data_sums[0], data, BLOCK);
    move_to_front(lists[0], data, ranks);
    find_lengths(ranks, code.lengths);
    assign_codes(&code);
    size_t size = encode(&code, ranks, coded);
    coded_sum = digest(coded_sum, coded, size);
    decode(&code, lists[1], coded, again);
    data_sums[1] = digest(data_sums[1], again, BLOCK);
  }
  printf("coded %08" PRIx32 "\ndata  %08" PRIx32 "\nagain %08" PRIx32 "\n", coded_sum, data_sums[0],
         data_sums[1]);
  return 0;
}
