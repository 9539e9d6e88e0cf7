// Backtracking search: counts the solutions of the queens problem on boards with random holes, by
// bit masks of attacked columns and diagonals, and solves sudoku puzzles that it makes itself by
// always trying the cell with the fewest candidates. It stands for solvers, schedulers and puzzle
// programs: deep recursion, small masks, branches that are hard to predict and little memory.
// Usage: backtrack [N [SEED]], N rounds of a board and a puzzle.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEENS = 9, CELLS = 81, CLUES = 30, LIMIT = 12, MAX_STEPS = 500 };

typedef struct {
  int size;
  uint32_t holes[QUEENS]; // columns of each row where no queen may stand
} Board;

typedef struct {
  uint16_t rows[9], columns[9], boxes[9]; // digits in use, bit d - 1 for digit d
  uint8_t cells[CELLS];                   // zero for an empty cell
  int solutions, steps;
  uint64_t hash; // of all solutions found
} Sudoku;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

static void make_board(Board *board, uint64_t *state) {
  board->size = QUEENS;
  for (int row = 0; row < QUEENS; row++)
    board->holes[row] = 1u << (next_random(state) % (2 * QUEENS));
}

// Places a queen in this row and the ones below; the masks tell which columns are attacked.
static int count_queens(const Board *board, int row, uint32_t columns, uint32_t left,
                        uint32_t right) {
  if (row == board->size)
    return 1;
  int solutions = 0;
  uint32_t all = (1u << board->size) - 1;
  for (uint32_t open = all & ~(columns | left | right | board->holes[row]); open != 0;) {
    uint32_t queen = open & (0 - open);
    open ^= queen;
    solutions +=
        count_queens(board, row + 1, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return solutions;
}

static int box_of(int cell) { return cell / 27 * 3 + cell % 9 / 3; }

// Puts the digit of this bit into the cell, or takes it away again.
static void toggle(Sudoku *sudoku, int cell, uint16_t bit) {
  sudoku->rows[cell / 9] ^= bit;
  sudoku->columns[cell % 9] ^= bit;
  sudoku->boxes[box_of(cell)] ^= bit;
}

static uint16_t candidates(const Sudoku *sudoku, int cell) {
  int used = sudoku->rows[cell / 9] | sudoku->columns[cell % 9] | sudoku->boxes[box_of(cell)];
  return (uint16_t)(~used & 0x1ff);
}

static int count_bits(uint32_t mask) {
  int count = 0;
  for (; mask != 0; mask &= mask - 1)
    count++;
  return count;
}

// The empty cell with the fewest candidates, or -1 if none is empty.
static int choose_cell(const Sudoku *sudoku) {
  int best = -1, fewest = 10;
  for (int cell = 0; cell < CELLS && fewest > 1; cell++) {
    if (sudoku->cells[cell] != 0)
      continue;
    int count = count_bits(candidates(sudoku, cell));
    if (count < fewest) {
      fewest = count;
      best = cell;
    }
  }
  return best;
}

// Finds solutions until there are LIMIT of them, or gives up after MAX_STEPS cells.
static void solve_sudoku(Sudoku *sudoku) {
  int cell = choose_cell(sudoku);
  sudoku->steps++;
  if (cell < 0) {
    sudoku->solutions++;
    for (int i = 0; i < CELLS; i++)
      sudoku->hash = sudoku->hash * 11 + sudoku->cells[i];
    return;
  }
  uint16_t open = candidates(sudoku, cell);
  for (int digit = 1; digit <= 9 && sudoku->solutions < LIMIT && sudoku->steps < MAX_STEPS;
       digit++) {
    uint16_t bit = (uint16_t)(1 << (digit - 1));
    if ((open & bit) == 0)
      continue;
    sudoku->cells[cell] = (uint8_t)digit;
    toggle(sudoku, cell, bit);
    solve_sudoku(sudoku);
    toggle(sudoku, cell, bit);
  }
  sudoku->cells[cell] = 0;
}

// Takes a regular solution, renames its digits, and keeps only some clues.
static void make_sudoku(Sudoku *sudoku, uint64_t *state) {
  int digits[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  memset(sudoku, 0, sizeof *sudoku);
  for (int i = 8; i > 0; i--) {
    int j = (int)(next_random(state) % (uint32_t)(i + 1)), digit = digits[i];
    digits[i] = digits[j];
    digits[j] = digit;
  }
  for (int clues = 0; clues < CLUES; clues++) {
    int cell = (int)(next_random(state) % CELLS), row = cell / 9;
    if (sudoku->cells[cell] != 0)
      continue;
    int digit = digits[(row % 3 * 3 + row / 3 + cell % 9) % 9];
    sudoku->cells[cell] = (uint8_t)digit;
    toggle(sudoku, cell, (uint16_t)(1 << (digit - 1)));
  }
}
int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 5600;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint64_t queens = 0, solved = 0;
  for (long round = 0; round < rounds; round++) {
    Board board;
    Sudoku sudoku;
    make_board(&board, &state);
    queens = mix(queens, (uint64_t)count_queens(&board, 0, 0, 0, 0));
    make_sudoku(&sudoku, &state);
    solve_sudoku(&sudoku);
    solved = mix(solved, sudoku.hash + (uint64_t)(sudoku.solutions * MAX_STEPS + sudoku.steps));
  }
  printf("queens %016llx sudoku %016llx\n", (unsigned long long)queens, (unsigned long long)solved);
  return 0;
}
