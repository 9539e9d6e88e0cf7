#include "plate.h"

void multiply(size_t n, const double left[restrict n][n], const double right[restrict n][n],
              double product[restrict n][n]) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++)
        sum += left[i][k] * right[k][j];
      product[i][j] = sum;
    }
}
