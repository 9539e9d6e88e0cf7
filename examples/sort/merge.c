#include "orders.h"

static int before(const struct order *a, const struct order *b) {
  if (a->customer != b->customer)
    return a->customer < b->customer;
  return a->day < b->day;
}

static void insertion_sort(struct order *orders, size_t count) {
  for (size_t i = 1; i < count; i++) {
    struct order moving = orders[i];
    size_t j = i;
    while (j > 0 && before(&moving, &orders[j - 1])) {
      orders[j] = orders[j - 1];
      j--;
    }
    orders[j] = moving;
  }
}

static void merge(const struct order *left, const struct order *middle, const struct order *end,
                  struct order *out) {
  const struct order *right = middle;
  while (left < middle && right < end) {
    if (before(right, left))
      *out++ = *right++;
    else
      *out++ = *left++;
  }
  while (left < middle)
    *out++ = *left++;
  while (right < end)
    *out++ = *right++;
}

void sort_orders(struct order *orders, struct order *scratch, size_t count) {
  if (count <= 12) {
    insertion_sort(orders, count);
    return;
  }
  size_t half = count / 2;
  sort_orders(orders, scratch, half);
  sort_orders(orders + half, scratch + half, count - half);
  merge(orders, orders + half, orders + count, scratch);
  for (size_t i = 0; i < count; i++)
    orders[i] = scratch[i];
}
