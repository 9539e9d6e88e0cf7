/* orders COUNT [ROUNDS [SEED]]: random orders, sorted by customer and added up by price bracket. */
#include "orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((random_state >> 32) * limit >> 32);
}

int main(int argc, char **argv) {
  size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
  size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
  random_state = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
  size_t brackets = count / 2;

  struct order *orders = malloc(count * sizeof *orders + 1);
  struct order *scratch = malloc(count * sizeof *scratch + 1);
  uint32_t *limits = malloc(brackets * sizeof *limits + 1);
  uint64_t *totals = calloc(brackets + 1, sizeof *totals);
  if (!orders || !scratch || !limits || !totals)
    return 1;

  uint64_t checksum = 0;
  for (size_t round = 0; round < rounds; round++) {
    for (size_t i = 0; i < count; i++) {
      orders[i].customer = random_below(5000);
      orders[i].cents = random_below(1000000);
      orders[i].day = random_below(365);
    }
    for (size_t i = 0; i < brackets; i++)
      limits[i] = random_below(1000000);
    heap_sort(limits, brackets);
    add_to_brackets(orders, count, limits, brackets, totals);
    sort_orders(orders, scratch, count / 4);
    for (size_t i = 0; i < count / 4; i++)
      checksum = checksum * 31 + orders[i].customer * 365 + orders[i].day;
  }
  for (size_t i = 0; i < brackets; i++)
    checksum = checksum * 31 + totals[i];
  printf("%zu orders, checksum %016" PRIx64 "\n", count * rounds, checksum);
  free(orders);
  free(scratch);
  free(limits);
  free(totals);
  return 0;
}
