#include "orders.h"

/* A heap with its largest key first: the children of i are 2i + 1 and 2i + 2. */
static void sift_down(uint32_t *heap, size_t at, size_t count) {
  uint32_t moving = heap[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= count)
      break;
    if (child + 1 < count && heap[child] < heap[child + 1])
      child++;
    if (heap[child] <= moving)
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moving;
}

void heap_sort(uint32_t *keys, size_t count) {
  for (size_t i = count / 2; i-- > 0;)
    sift_down(keys, i, count);
  for (size_t left = count; left > 1; left--) {
    uint32_t largest = keys[0];
    keys[0] = keys[left - 1];
    keys[left - 1] = largest;
    sift_down(keys, 0, left - 1);
  }
}
