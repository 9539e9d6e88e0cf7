#ifndef ORDERS_H
#define ORDERS_H

#include <stddef.h>
#include <stdint.h>

struct order {
  uint32_t customer;
  uint32_t cents;
  uint32_t day;
};

/* Sorts keys upwards, in place. */
void heap_sort(uint32_t *keys, size_t count);

/* Stable merge sort by customer, then by day; scratch has room for count orders too. */
void sort_orders(struct order *orders, struct order *scratch, size_t count);

/* The index of the first key that is not less than the wanted one; count if there is none. */
size_t lower_bound(const uint32_t *keys, size_t count, uint32_t wanted);

/* Adds the cents of each order to the total of the bracket that holds them. */
void add_to_brackets(const struct order *orders, size_t count, const uint32_t *limits,
                     size_t brackets, uint64_t *totals);

#endif
