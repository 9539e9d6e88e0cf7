/*
 * Column-at-a-time query processing, as inside an analytical database. Every few rounds a sales
 * table is filled with random rows; each round filters it to a selection vector, groups that by a
 * hash table with open addressing, joins it with a product table by chained hashing, takes running
 * totals and merges two columns after a radix sort. Stands for integer code with unpredictable
 * branches, hash probes, gathers, scatters, histograms and prefix sums.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12000, PRODUCTS = 700, BUCKETS = 1024, GROUP_SLOTS = 4096 };

typedef struct {
  int rows;
  int32_t *product, *customer, *day, *amount;
} Sales;

typedef struct {
  int32_t product[PRODUCTS], price[PRODUCTS], maker[PRODUCTS];
} Products;

typedef struct {
  int32_t key[GROUP_SLOTS]; /* -1 in an empty slot */
  int32_t count[GROUP_SLOTS], greatest[GROUP_SLOTS];
  int64_t sum[GROUP_SLOTS];
} Groups;

typedef struct {
  int32_t head[BUCKETS]; /* first row of a bucket's chain, or -1 */
  int32_t next[PRODUCTS];
} HashIndex;

static int32_t random_below(uint64_t *state, int32_t limit) {
  *state += 0x9e3779b97f4a7c15u;
  uint64_t z = (*state ^ (*state >> 32)) * 0xd6e8feb86659fd93u;
  return (int32_t)(((z >> 32) * (uint64_t)limit) >> 32);
}

static uint32_t hash(int32_t key) { return ((uint32_t)key * 2654435769u) >> 12; }

/* Products get scattered numbers; some rows share one, so that joins can match twice. */
static void fill_products(Products *t, uint64_t *state) {
  for (int i = 0; i < PRODUCTS; i++) {
    t->product[i] = random_below(state, 2 * PRODUCTS);
    t->price[i] = 100 + random_below(state, 900);
    t->maker[i] = random_below(state, 50);
  }
}

/* Customers are skewed: low numbers buy more. */
static void fill_sales(Sales *t, uint64_t *state) {
  for (int i = 0; i < t->rows; i++) {
    t->product[i] = random_below(state, 2 * PRODUCTS);
    t->customer[i] = random_below(state, 1 + random_below(state, 3000));
    t->day[i] = random_below(state, 365);
    t->amount[i] = 1 + random_below(state, 20);
  }
}

/* Rows of the day range that sold at least the amount, in order. */
static int filter(const Sales *t, int32_t first, int32_t last, int32_t least, int32_t *selection) {
  int used = 0;
  for (int i = 0; i < t->rows; i++)
    if (t->day[i] >= first && t->day[i] <= last && t->amount[i] >= least)
      selection[used++] = i;
  return used;
}

static void gather(const int32_t *column, const int32_t *selection, int selected, int32_t *out) {
  for (int i = 0; i < selected; i++)
    out[i] = column[selection[i]];
}

/* Amounts of the selected rows by customer. */
static void group_by_customer(const Sales *t, const int32_t *selection, int selected, Groups *g) {
  for (int slot = 0; slot < GROUP_SLOTS; slot++)
    g->key[slot] = -1;
  for (int i = 0; i < selected; i++) {
    int32_t row = selection[i], key = t->customer[row], amount = t->amount[row];
    uint32_t slot = hash(key) % GROUP_SLOTS;
    while (g->key[slot] != key && g->key[slot] != -1)
      slot = (slot + 1) % GROUP_SLOTS;
    if (g->key[slot] == -1) {
      g->key[slot] = key;
      g->count[slot] = g->greatest[slot] = 0;
      g->sum[slot] = 0;
    }
    g->count[slot]++;
    g->sum[slot] += amount;
    if (amount > g->greatest[slot])
      g->greatest[slot] = amount;
  }
}

/* A hash of all groups in the order of their slots. */
static uint64_t summarise_groups(const Groups *g) {
  uint64_t mix = 0;
  for (int slot = 0; slot < GROUP_SLOTS; slot++)
    if (g->key[slot] >= 0)
      mix = mix * 31 + (uint64_t)(g->sum[slot] * g->greatest[slot] + g->key[slot] + g->count[slot]);
  return mix;
}

static void build_index(const Products *t, HashIndex *index) {
  for (int b = 0; b < BUCKETS; b++)
    index->head[b] = -1;
  for (int32_t row = 0; row < PRODUCTS; row++) {
    uint32_t bucket = hash(t->product[row]) % BUCKETS;
    index->next[row] = index->head[bucket];
    index->head[bucket] = row;
  }
}

/* Adds the selected sales to the revenue of the makers; returns the number of matches. */
static int join(const Sales *sales, const int32_t *selection, int selected,
                const Products *products, const HashIndex *index, int64_t *revenue) {
  int matches = 0;
  for (int i = 0; i < selected; i++) {
    int32_t key = sales->product[selection[i]], amount = sales->amount[selection[i]];
    for (int32_t row = index->head[hash(key) % BUCKETS]; row >= 0; row = index->next[row])
      if (products->product[row] == key) {
        revenue[products->maker[row]] += (int64_t)products->price[row] * amount;
        matches++;
      }
  }
  return matches;
}

/* Sorts non-negative numbers below 2^16 in two passes of eight bits. */
static void radix_sort(int32_t *column, int32_t *scratch, int rows) {
  for (int shift = 0; shift < 16; shift += 8) {
    int offset[257] = {0};
    for (int i = 0; i < rows; i++)
      offset[((column[i] >> shift) & 255) + 1]++;
    for (int digit = 0; digit < 256; digit++)
      offset[digit + 1] += offset[digit];
    for (int i = 0; i < rows; i++)
      scratch[offset[(column[i] >> shift) & 255]++] = column[i];
    memcpy(column, scratch, (size_t)rows * sizeof *column);
  }
}

/* Counts the pairs of equal numbers in two sorted columns, weighted by the number. */
static int64_t merge_join(const int32_t *a, int a_rows, const int32_t *b, int b_rows) {
  int64_t total = 0;
  int i = 0, j = 0;
  while (i < a_rows && j < b_rows) {
    if (a[i] < b[j])
      i++;
    else if (b[j] < a[i])
      j++;
    else {
      int32_t key = a[i];
      int a_first = i, b_first = j;
      while (i < a_rows && a[i] == key)
        i++;
      while (j < b_rows && b[j] == key)
        j++;
      total += (int64_t)(i - a_first) * (j - b_first) * (key + 1);
    }
  }
  return total;
}

/* Running totals of a column; returns the sum of every 16th of them. */
static int64_t running_totals(const int32_t *column, int rows, int64_t *total) {
  int64_t sum = 0, sampled = 0;
  for (int i = 0; i < rows; i++) {
    sum += column[i];
    total[i] = sum;
  }
  for (int i = 0; i < rows; i += 16)
    sampled += total[i];
  return sampled;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (rounds < 1) {
    fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  static Products products;
  static Groups groups;
  static HashIndex index;
  static int64_t revenue[50], total[ROWS];
  static int32_t column[4][ROWS], selection[ROWS], left[ROWS], right[ROWS], scratch[ROWS];
  Sales sales = {ROWS, column[0], column[1], column[2], column[3]};
  int64_t selected = 0, matches = 0, merged = 0, sampled = 0, earned = 0;
  uint64_t grouped = 0;
  for (long round = 0; round < rounds; round++) {
    if (round % 6 == 0) {
      fill_products(&products, &state);
      fill_sales(&sales, &state);
      build_index(&products, &index);
    }
    int32_t day = random_below(&state, 100);
    int found = filter(&sales, day, day + 250, 1 + (int32_t)(round % 9), selection);
    group_by_customer(&sales, selection, found, &groups);
    selected += found;
    grouped += summarise_groups(&groups);
    matches += join(&sales, selection, found, &products, &index, revenue);
    gather(sales.amount, selection, found, left);
    sampled += running_totals(left, found, total);
    gather(sales.product, selection, found, left);
    radix_sort(left, scratch, found);
    gather(sales.customer, selection, found, right);
    radix_sort(right, scratch, found);
    merged += merge_join(left, found, right, found);
  }
  for (int maker = 0; maker < 50; maker++)
    earned += revenue[maker] * (maker + 1);
  printf("selected %" PRId64 " grouped %016" PRIx64 " matches %" PRId64 "\n", selected, grouped,
         matches);
  printf("earned %" PRId64 " merged %" PRId64 " sampled %" PRId64 "\n", earned, merged, sampled);
  return 0;
}
