// Search in a project's lock, `autopass.lock`: lines `<x|i><portable key> <recipe> <toolchain>
// <text>`. Unlike an index it lies in a repository: one key has a line for each toolchain and CPU
// that its recipe was proven on, and where git merged two locks the lines may stand in any order.
#include "launcher.h"

#include <string.h>

enum {
  SCANNED = 1 << 18, // a larger lock is searched like an index, so it must be sorted
  HEADER = sizeof INDEX_HEADER - 1,
  RECIPE = KEY + 1,
  TOOLCHAIN = RECIPE + DIGEST_HEX + 1,
  LEAST = TOOLCHAIN + DIGEST_HEX,
};

// What is looked for, and the smallest recipe found for it so far.
typedef struct {
  char key[KEY];
  Digest recipe;
  bool found;
} Wanted;

static Wanted want(char kind, const Digest *key) {
  Wanted wanted = {.key = {kind}};
  memcpy(wanted.key + 1, key->hex, DIGEST_HEX);
  return wanted;
}

static bool is_lock_line(const char *line, size_t length) {
  return length >= LEAST && (line[0] == 'x' || line[0] == 'i') && is_digest(line + 1) &&
         line[KEY] == ' ' && is_digest(line + RECIPE) && line[TOOLCHAIN - 1] == ' ' &&
         is_digest(line + TOOLCHAIN) && (length == LEAST || line[LEAST] == ' ');
}

// Takes one line into account, for `count` keys; false: it is none. The header may stand there
// twice after a merge. `toolchain` NULL: a line applies on every one. Of several that apply the
// smallest recipe is taken, whatever their order, so that all who have the lock make the same
// objects.
static bool take_line(const char *line, size_t length, const char *toolchain, Wanted *wanted,
                      size_t count) {
  if (length + 1 == HEADER && memcmp(line, INDEX_HEADER, length) == 0)
    return true;
  if (!is_lock_line(line, length))
    return false;
  if (toolchain && memcmp(line + TOOLCHAIN, toolchain, DIGEST_HEX) != 0)
    return true;
  for (size_t i = 0; i < count; i++) {
    if (memcmp(line, wanted[i].key, KEY) != 0)
      continue;
    if (!wanted[i].found || memcmp(line + RECIPE, wanted[i].recipe.hex, DIGEST_HEX) < 0)
      memcpy(wanted[i].recipe.hex, line + RECIPE, DIGEST_HEX);
    wanted[i].found = true;
  }
  return true;
}

// Reads all lines, and looks for both keys at once.
static bool scan(const Index *lock, const char *toolchain, Wanted *wanted, size_t count) {
  char *text = allocate(lock->size);
  if (!read_at(lock->descriptor, 0, text, lock->size) || text[lock->size - 1] != '\n')
    return false; // it was cut off since
  const char *end = text + lock->size, *newline;
  for (const char *line = text; line < end; line = newline + 1) {
    newline = memchr(line, '\n', (size_t)(end - line));
    if (!take_line(line, (size_t)(newline - line), toolchain, wanted, count))
      return false;
  }
  return true;
}

// Reads the lines of one key in a sorted lock, from `at` (a line's begin before them) on.
static bool scan_key(const Index *lock, size_t at, const char *toolchain, Wanted *wanted) {
  char buffer[2 * LONGEST_LINE];
  while (at < lock->size) {
    size_t length = lock->size - at < sizeof buffer ? lock->size - at : sizeof buffer;
    if (!read_at(lock->descriptor, at, buffer, length))
      return false;
    const char *line = buffer, *end = buffer + length, *newline;
    while (line < end && (newline = memchr(line, '\n', (size_t)(end - line)))) {
      if (!take_line(line, (size_t)(newline - line), toolchain, wanted, 1))
        return false;
      if (newline - line >= LEAST && memcmp(line, wanted->key, KEY) > 0)
        return true;
      line = newline + 1;
    }
    if (line == buffer) // longer than any that is written
      return false;
    at += (size_t)(line - buffer);
  }
  return true;
}

static bool search(const Index *lock, const char *toolchain, Wanted *wanted) {
  size_t begin, end;
  return index_narrow(lock, wanted->key, true, &begin, &end) &&
         scan_key(lock, begin, toolchain, wanted);
}

// Looks both keys of a compile up, the exact one before the inherited one. `toolchain` is the id
// that a line must have, or NULL.
Reason lock_find(const Index *lock, const Keys *keys, const char *toolchain, Digest *recipe) {
  Wanted wanted[] = {want('x', &keys->portable_exact), want('i', &keys->portable_inherited)};
  static const Reason reasons[] = {REASON_EXACT, REASON_INHERITED};
  size_t count = keys->has_inherited ? 2 : 1;
  bool whole = lock->size <= SCANNED;
  if (lock->base.hex[0] || (whole && !scan(lock, toolchain, wanted, count)))
    return REASON_INDEX_DAMAGED;
  for (size_t i = 0; i < count; i++) {
    if (!whole && !search(lock, toolchain, &wanted[i]))
      return REASON_INDEX_DAMAGED;
    *recipe = wanted[i].recipe;
    if (wanted[i].found && !is_tombstone(recipe))
      return reasons[i];
  }
  return REASON_NO_RECIPE;
}
