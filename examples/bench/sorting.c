// Sorting, four ways: quicksort that leaves short runs to insertion sort, heapsort, a stable merge
// sort of {key, payload} records, and the C library's qsort through a comparison function. Arrays
// come from a linear congruential generator in three shapes: random, few distinct keys, nearly
// sorted. It stands for the sorting in databases and batch tools: branchy loops, recursion, calls
// through pointers, array moves. Usage: sorting [N [SEED]], N rounds of four arrays of COUNT.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 6000, SHORT_RUN = 12 };

typedef struct {
  uint32_t key;
  uint32_t payload;
} Record;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static void fill(int *values, int count, int shape, uint64_t *state) {
  for (int i = 0; i < count; i++) {
    int value = (int)(next_random(state) % 1000000);
    if (shape == 1) // few distinct keys
      value %= 50;
    else if (shape == 2) // nearly sorted
      value = 160 * i + value % 2000;
    values[i] = value;
  }
}

static void swap_ints(int *a, int *b) {
  int old = *a;
  *a = *b;
  *b = old;
}

static void insertion_sort(int *values, int count) {
  for (int i = 1; i < count; i++) {
    int value = values[i], j = i;
    for (; j > 0 && values[j - 1] > value; j--)
      values[j] = values[j - 1];
    values[j] = value;
  }
}

// Splits the values round the one in the middle; returns how many belong to the left part.
static int partition(int *values, int count) {
  int pivot = values[count / 2], i = 0, j = count - 1;
  for (;; i++, j--) {
    while (values[i] < pivot)
      i++;
    while (values[j] > pivot)
      j--;
    if (i >= j)
      return j + 1;
    swap_ints(&values[i], &values[j]);
  }
}

static void quick_sort(int *values, int count) {
  while (count > SHORT_RUN) {
    int left = partition(values, count);
    quick_sort(values, left);
    values += left;
    count -= left;
  }
  insertion_sort(values, count);
}

static void sift_down(int *heap, int root, int count) {
  int value = heap[root];
  for (int child = 2 * root + 1; child < count; child = 2 * root + 1) {
    if (child + 1 < count && heap[child + 1] > heap[child])
      child++;
    if (heap[child] <= value)
      break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = value;
}

static void heap_sort(int *values, int count) {
  for (int i = count / 2 - 1; i >= 0; i--)
    sift_down(values, i, count);
  for (int last = count - 1; last > 0; last--) {
    swap_ints(&values[0], &values[last]);
    sift_down(values, 0, last);
  }
}

// Merges the two sorted halves of the input, equal keys of the left one first.
static void merge_halves(Record *out, const Record *in, int half, int count) {
  int left = 0, right = half;
  for (int i = 0; i < count; i++) {
    if (right == count || (left < half && in[left].key <= in[right].key))
      out[i] = in[left++];
    else
      out[i] = in[right++];
  }
}

static void merge_sort(Record *records, int count, Record *spare) {
  if (count < 2)
    return;
  int half = count / 2;
  merge_sort(records, half, spare);
  merge_sort(records + half, count - half, spare);
  merge_halves(spare, records, half, count);
  memcpy(records, spare, (size_t)count * sizeof *records);
}

static int by_key_then_late_payload(const void *a, const void *b) {
  const Record *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return (x->payload < y->payload) - (x->payload > y->payload);
}

static uint64_t hash_ints(uint64_t hash, const int *values, int count) {
  for (int i = 0; i < count; i++)
    hash = hash * 0x9e3779b97f4a7c15u + (uint64_t)values[i];
  return hash ^ (hash >> 32);
}

static uint64_t hash_records(uint64_t hash, const Record *records, int count) {
  for (int i = 0; i < count; i++)
    hash = (hash * 31 + records[i].key) * 0x9e3779b97f4a7c15u + records[i].payload;
  return hash ^ (hash >> 32);
}

int main(int argc, char **argv) {
  static int values[COUNT], copy[COUNT];
  static Record records[COUNT], spare[COUNT];
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 330;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint64_t quick = 0, heap = 0, merged = 0, library = 0;
  for (long round = 0; round < rounds; round++) {
    fill(values, COUNT, (int)(round % 3), &state);
    memcpy(copy, values, sizeof copy);
    for (int i = 0; i < COUNT; i++)
      records[i] = (Record){(uint32_t)values[i], (uint32_t)i};
    quick_sort(values, COUNT);
    quick = hash_ints(quick, values, COUNT);
    heap_sort(copy, COUNT);
    heap = hash_ints(heap + 1, copy, COUNT);
    merge_sort(records, COUNT, spare);
    merged = hash_records(merged, records, COUNT);
    for (int i = 0; i < COUNT; i++)
      records[i].key = next_random(&state) % 5000;
    qsort(records, COUNT, sizeof *records, by_key_then_late_payload);
    library = hash_records(library, records, COUNT);
  }
  printf("quick %016llx heap %016llx\n", (unsigned long long)quick, (unsigned long long)heap);
  printf("merge %016llx qsort %016llx\n", (unsigned long long)merged, (unsigned long long)library);
  return 0;
}
