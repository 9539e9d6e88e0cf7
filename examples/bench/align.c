/*
 * Dynamic programming over generated sequences, as in sequence comparison tools: local alignment
 * with a walk back along the best path, longest common subsequence, edit distance
 * of strings and a 0/1 knapsack. Each round draws a new pair of sequences, one a mutated copy of
 * a part of the other. Stands for integer code with two-dimensional dependences, many min/max
 * selections, byte loads and table look-ups.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 20, MAX_LENGTH = 420, MAX_ITEMS = 64, MAX_CAPACITY = 1500 };

/* Where a cell of the alignment table got its score from. */
enum { STOP, DIAGONAL, UP, LEFT };

typedef struct {
  int length;
  unsigned char letter[MAX_LENGTH];
} Sequence;

typedef struct {
  int score[LETTERS][LETTERS];
  int gap;
} Scoring;

typedef struct {
  int best_score, end_row, end_column;
  unsigned char *trace; /* (rows + 1) by (columns + 1) */
} Alignment;

static uint32_t next_random(uint64_t *state) {
  uint64_t old = *state;
  *state = old * 6364136223846793005u + 1442695040888963407u;
  uint32_t mixed = (uint32_t)((old ^ (old >> 22)) >> 27);
  return mixed ^ (mixed >> 15);
}

static int random_below(uint64_t *state, int limit) {
  return (int)(((uint64_t)next_random(state) * (uint64_t)limit) >> 32);
}

static void make_sequence(Sequence *s, int length, uint64_t *state) {
  s->length = length;
  for (int i = 0; i < length; i++)
    s->letter[i] = (unsigned char)random_below(state, LETTERS);
}

/* Copies from with substitutions, deletions and insertions until it is used up or to is full. */
static void mutate(const Sequence *from, Sequence *to, int percent, uint64_t *state) {
  int used = random_below(state, 40);
  to->length = 0;
  while (used < from->length && to->length < MAX_LENGTH) {
    int event = random_below(state, 100);
    if (event < percent)
      to->letter[to->length++] = (unsigned char)random_below(state, LETTERS);
    else if (event >= percent + 8)
      to->letter[to->length++] = from->letter[used];
    if (event < percent || event >= percent + 4)
      used++;
    else
      to->letter[to->length++] = (unsigned char)random_below(state, LETTERS);
  }
}

/* A symmetric table: matches score high, a few pairs of different letters score well too. */
static void make_scoring(Scoring *scoring, uint64_t *state) {
  for (int a = 0; a < LETTERS; a++) {
    scoring->score[a][a] = 4 + random_below(state, 5);
    for (int b = 0; b < a; b++) {
      int score = random_below(state, 8) - 5;
      scoring->score[a][b] = score;
      scoring->score[b][a] = score;
    }
  }
  scoring->gap = 5;
}

/* Fills the local alignment table row by row; only one row of scores is kept. */
static void align_local(const Sequence *a, const Sequence *b, const Scoring *scoring,
                        Alignment *out) {
  int score[MAX_LENGTH + 1] = {0};
  int columns = b->length + 1;
  memset(out->trace, STOP, (size_t)columns);
  out->best_score = out->end_row = out->end_column = 0;
  for (int i = 1; i <= a->length; i++) {
    const int *row_score = scoring->score[a->letter[i - 1]];
    unsigned char *trace = out->trace + i * columns;
    int corner = 0;
    trace[0] = STOP;
    for (int j = 1; j <= b->length; j++) {
      int best = 0, from = STOP;
      if (corner + row_score[b->letter[j - 1]] > best) {
        best = corner + row_score[b->letter[j - 1]];
        from = DIAGONAL;
      }
      if (score[j] - scoring->gap > best) {
        best = score[j] - scoring->gap;
        from = UP;
      }
      if (score[j - 1] - scoring->gap > best) {
        best = score[j - 1] - scoring->gap;
        from = LEFT;
      }
      corner = score[j];
      score[j] = best;
      trace[j] = (unsigned char)from;
      if (best > out->best_score) {
        out->best_score = best;
        out->end_row = i;
        out->end_column = j;
      }
    }
  }
}

/* Follows the best path back to its start; returns a hash of the path's steps. */
static uint64_t walk_back(const Alignment *alignment, int columns) {
  int i = alignment->end_row, j = alignment->end_column;
  uint64_t hash = 1;
  for (;;) {
    int from = alignment->trace[i * columns + j];
    if (from == STOP)
      break;
    hash = hash * 31 + (uint64_t)from;
    if (from != LEFT)
      i--;
    if (from != UP)
      j--;
  }
  return hash * 31 + (uint64_t)(i * columns + j);
}

static int common_subsequence(const Sequence *a, const Sequence *b) {
  int rows[2][MAX_LENGTH + 1] = {{0}};
  for (int i = 1; i <= a->length; i++) {
    const int *above = rows[(i - 1) % 2];
    int *row = rows[i % 2];
    for (int j = 1; j <= b->length; j++) {
      if (a->letter[i - 1] == b->letter[j - 1])
        row[j] = above[j - 1] + 1;
      else
        row[j] = above[j] > row[j - 1] ? above[j] : row[j - 1];
    }
  }
  return rows[a->length % 2][b->length];
}

static int smaller(int a, int b) { return a < b ? a : b; }

static int edit_distance(const Sequence *a, const Sequence *b) {
  int row[MAX_LENGTH + 1];
  for (int j = 0; j <= b->length; j++)
    row[j] = j;
  for (int i = 1; i <= a->length; i++) {
    int corner = row[0];
    row[0] = i;
    for (int j = 1; j <= b->length; j++) {
      int replaced = corner + (a->letter[i - 1] != b->letter[j - 1]);
      corner = row[j];
      row[j] = smaller(replaced, 1 + smaller(row[j], row[j - 1]));
    }
  }
  return row[b->length];
}

/* Greatest total value of items, each used at most once, within the capacity. */
static int64_t knapsack(const int *weight, const int64_t *value, int items, int capacity) {
  int64_t best[MAX_CAPACITY + 1] = {0};
  for (int k = 0; k < items; k++)
    for (int room = capacity; room >= weight[k]; room--) {
      int64_t with = best[room - weight[k]] + value[k];
      if (with > best[room])
        best[room] = with;
    }
  return best[capacity];
}

/* A knapsack whose items come from the letters of the sequence. */
static int64_t pack_letters(const Sequence *s, uint64_t *state) {
  int weight[MAX_ITEMS];
  int64_t value[MAX_ITEMS];
  for (int k = 0; k < MAX_ITEMS; k++) {
    weight[k] = 10 + 7 * s->letter[k % s->length] + random_below(state, 30);
    value[k] = 3 * weight[k] + random_below(state, 100);
  }
  return knapsack(weight, value, MAX_ITEMS, MAX_CAPACITY - random_below(state, 200));
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  static Sequence a, b;
  Scoring scoring;
  Alignment alignment = {0, 0, 0, calloc(MAX_LENGTH + 1, MAX_LENGTH + 1)};
  if (rounds < 1 || !alignment.trace) {
    fprintf(stderr, "usage: %s ROUNDS [SEED]\n", argv[0]);
    return 2;
  }
  long score = 0, common = 0, distance = 0;
  int64_t packed = 0;
  uint64_t path = 0;
  make_scoring(&scoring, &state);
  for (long round = 0; round < rounds; round++) {
    make_sequence(&a, 280 + random_below(&state, 100), &state);
    mutate(&a, &b, 5 + (int)(round % 5) * 8, &state);
    align_local(&a, &b, &scoring, &alignment);
    score += alignment.best_score;
    path = path * 1000003 + walk_back(&alignment, b.length + 1);
    common += common_subsequence(&a, &b);
    distance += edit_distance(&a, &b);
    packed += pack_letters(&b, &state);
  }
  printf("score %ld path %016llx\n", score, (unsigned long long)path);
  printf("common %ld distance %ld packed %lld\n", common, distance, (long long)packed);
  free(alignment.trace);
  return 0;
}
