#ifndef PLATE_H
#define PLATE_H

#include <stddef.h>

/* Matrices are square or rectangular C arrays, rows first. */

/* One explicit time step of the heat equation; the border keeps its temperature. */
void heat_step(size_t rows, size_t columns, const double from[restrict rows][columns],
               double to[restrict rows][columns], double rate);

/* Weighted mean over 2 * reach + 1 neighbours in the row, then in the column. */
void smooth(size_t rows, size_t columns, float image[restrict rows][columns],
            float scratch[restrict rows][columns], const float *restrict weights, size_t reach);

/* product = left * right, all of them n by n. */
void multiply(size_t n, const double left[restrict n][n], const double right[restrict n][n],
              double product[restrict n][n]);

#endif
