#include "orders.h"

size_t lower_bound(const uint32_t *keys, size_t count, uint32_t wanted) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (keys[middle] < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void add_to_brackets(const struct order *orders, size_t count, const uint32_t *limits,
                     size_t brackets, uint64_t *totals) {
  for (size_t i = 0; i < count; i++) {
    size_t bracket = lower_bound(limits, brackets, orders[i].cents);
    if (bracket < brackets)
      totals[bracket] += orders[i].cents;
  }
}
