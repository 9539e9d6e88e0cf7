#include "plate.h"

void smooth(size_t rows, size_t columns, float image[restrict rows][columns],
            float scratch[restrict rows][columns], const float *restrict weights, size_t reach) {
  size_t taps = 2 * reach + 1;
  for (size_t y = 0; y < rows; y++)
    for (size_t x = reach; x + reach < columns; x++) {
      float sum = 0;
      for (size_t k = 0; k < taps; k++)
        sum += weights[k] * image[y][x + k - reach];
      scratch[y][x] = sum;
    }
  for (size_t y = reach; y + reach < rows; y++)
    for (size_t x = reach; x + reach < columns; x++) {
      float sum = 0;
      for (size_t k = 0; k < taps; k++)
        sum += weights[k] * scratch[y + k - reach][x];
      image[y][x] = sum;
    }
}
