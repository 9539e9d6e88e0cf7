/*
 * Column-at-a-time query processing, as inside an analytical database: each round fills a sales
 * table with random rows, filters it to a selection vector, groups by a hash table with open
 * addressing, joins with a product table by chained hashing, merges two sorted columns after a
 * radix sort, and takes running totals. Stands for integer code with unpredictable branches, hash
 * probes, gathers, scatters, histograms and prefix sums.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 12000, PRODUCTS = 700, BUCKETS = 1024, GROUP_SLOTS = 4096 };

typedef struct {
  int rows;
  int32_t *product, *customer, *day, *amount;
} Sales;

typedef struct {
  int rows;
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

static uint32_t next_random(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15u;
  uint64_t z = (*state ^ (*state >> 32)) * 0xd6e8feb86659fd93u;
  return (uint32_t)(z >> 32);
}

static int32_t random_below(uint64_t *state, int32_t limit) {
  return (int32_t)(((uint64_t)next_random(state) * (uint64_t)limit) >> 32);
}

static uint32_t hash(int32_t key) { return ((uint32_t)key * 2654435769u) >> 12; }

/* Products get scattered numbers; some rows share one, so that joins can match twice. */
static void fill_products(Products *t, uint64_t *state) {
  for (int i = 0; i < t->rows; i++) {
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
static int filter(const Sales *t, int32_t first_day, int32_t last_day, int32_t amount,
                  int32_t *selection) {
  int used = 0;
  for (int i = 0; i < t->rows; i++)
    if (t->day[i] >= first_day && t->day[i] <= last_day && t->amount[i] >= amount)
      selection[used++] = i;
  return used;
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
      g->count[slot] = 0;
      g->sum[slot] = 0;
      g->greatest[slot] = amount;
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
  for (int32_t row = 0; row < t->rows; row++) {
    uint32_t bucket = hash(t->product[row]) % BUCKETS;
    index->next[row] = index->head[bucket];
    index->head[bucket] = row;
  }
}

/* Joins all sales with their products; adds to the revenue of each maker, returns the matches. */
static int join(const Sales *sales, const Products *products, const HashIndex *index,
                int64_t *revenue) {
  int matches = 0;
  for (int i = 0; i < sales->rows; i++) {
    int32_t key = sales->product[i];
    for (int32_t row = index->head[hash(key) % BUCKETS]; row >= 0; row = index->next[row])
      if (products->product[row] == key) {
        revenue[products->maker[row]] += (int64_t)products->price[row] * sales->amount[i];
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
    for (int i = 0; i < rows; i++)
      column[i] = scratch[i];
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
      int64_t a_run = 0, b_run = 0;
      for (; i < a_rows && a[i] == key; i++)
        a_run++;
      for (; j < b_rows && b[j] == key; j++)
        b_run++;
      total += a_run * b_run * (key + 1);
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
  int32_t *block = calloc(6 * ROWS, sizeof *block);
  if (rounds < 1 || !block) {
    fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  static Products products = {.rows = PRODUCTS};
  static Groups groups;
  static HashIndex index;
  static int64_t revenue[50], total[ROWS];
  Sales sales = {ROWS, block, block + ROWS, block + 2 * ROWS, block + 3 * ROWS};
  int32_t *selection = block + 4 * ROWS, *scratch = block + 5 * ROWS;
  long selected = 0, matches = 0;
  uint64_t grouped = 0;
  int64_t merged = 0, sampled = 0, earned = 0;
  for (long round = 0; round < rounds; round++) {
    fill_products(&products, &state);
    fill_sales(&sales, &state);
    int32_t first_day = random_below(&state, 200);
    int found = filter(&sales, first_day, first_day + 150, 1 + (int32_t)(round % 9), selection);
    group_by_customer(&sales, selection, found, &groups);
    selected += found;
    grouped += summarise_groups(&groups);
    build_index(&products, &index);
    matches += join(&sales, &products, &index, revenue);
    sampled += running_totals(sales.amount, ROWS, total);
    radix_sort(sales.product, scratch, ROWS);
    radix_sort(sales.customer, scratch, ROWS);
    merged += merge_join(sales.product, ROWS, sales.customer, ROWS);
  }
  for (int maker = 0; maker < 50; maker++)
    earned += revenue[maker] * (maker + 1);
  printf("selected %ld grouped %016llx\n", selected, (unsigned long long)grouped);
  printf("matches %ld earned %lld\n", matches, (long long)earned);
  printf("merged %lld sampled %lld\n", (long long)merged, (long long)sampled);
  free(block);
  return 0;
}
