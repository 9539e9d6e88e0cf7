/* Loops whose bounds checks become invariant in indvars, which then asks for one more unswitch of the loop; and loops
   that have invariant conditions late, but for which it does not ask. */
void fail(int) __attribute__((noreturn, cold));
void note(int);
extern int mode;

int sum_checked(const int *data, unsigned length, unsigned count) {
  int sum = 0;
  for (unsigned i = 0; i < count; i++) {
    if (i >= length)
      fail(1);
    sum += data[i];
  }
  return sum;
}

void copy_checked(int *to, unsigned room, const int *from, unsigned length, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (i >= room)
      fail(2);
    if (i >= length)
      fail(3);
    to[i] = from[i] + 1;
  }
}

int early_end(const int *data, unsigned length, unsigned count) {
  int sum = 0;
  for (unsigned i = 0; i < count; i++) {
    if (i >= length)
      return -1;
    if (data[i] == 7)
      note(sum);
    sum += data[i];
  }
  return sum;
}

int rows_checked(const int *grid, unsigned width, unsigned height, unsigned rows, unsigned columns) {
  int best = 0;
  for (unsigned y = 0; y < rows; y++) {
    if (y >= height)
      fail(4);
    for (unsigned x = 0; x < columns; x++) {
      if (x >= width)
        fail(5);
      if (grid[y * width + x] > best)
        best = grid[y * width + x];
    }
  }
  return best;
}

int invariant_late(int *restrict to, const int *restrict from, int count, int flags) {
  int seen = 0;
  for (int i = 0; i < count; i++) {
    int wanted = flags & 4 ? from[i] : -from[i];
    if (mode)
      note(i);
    if ((flags & 3) == 2)
      seen += wanted;
    else if (flags < 0)
      to[i] = wanted;
    else
      to[i] ^= wanted;
  }
  return seen;
}

static inline int step(int value, int kind) {
  switch (kind) {
  case 0:
    return value + 1;
  case 1:
    return value * 3;
  case 2:
    return value ^ 0x55;
  default:
    return -value;
  }
}

int dispatched(int *data, long count, int kind, int again) {
  int total = 0;
  for (long i = 0; i < count; i++) {
    data[i] = step(data[i], kind);
    for (int j = 0; j < again; j++)
      total += step(data[i] + j, kind);
  }
  return total;
}
