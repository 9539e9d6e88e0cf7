#include "plate.h"

void heat_step(size_t rows, size_t columns, const double from[restrict rows][columns],
               double to[restrict rows][columns], double rate) {
  for (size_t y = 1; y + 1 < rows; y++)
    for (size_t x = 1; x + 1 < columns; x++) {
      double flow = from[y - 1][x] + from[y + 1][x] + from[y][x - 1] + from[y][x + 1];
      to[y][x] = from[y][x] + rate * (flow - 4 * from[y][x]);
    }
}
