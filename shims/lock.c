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

// Eight digits at a time: a lock is read whole, and its lines are mostly digits. Each step leaves
// the top bit of every byte that is in question, and no carry passes from one byte to the next.
static bool is_hex(const char *text) {
  const uint64_t each = 0x0101010101010101, top = each << 7;
  uint64_t bad = 0;
  for (int i = 0; i < DIGEST_HEX; i += 8) {
    uint64_t bytes;
    memcpy(&bytes, text + i, sizeof bytes);
    uint64_t low = bytes & ~top;
    uint64_t no_digit = (low ^ each * '0') + each * (0x80 - 10);
    uint64_t letter = (low + each * (0x80 - 'a')) & ~(low + each * (0x80 - 'g'));
    bad |= bytes | (no_digit & ~letter);
  }
  return !(bad & top);
}

static bool is_lock_line(const char *line) {
  return (line[0] == 'x' || line[0] == 'i') && is_hex(line + 1) && line[KEY] == ' ' &&
         is_hex(line + RECIPE) && line[TOOLCHAIN - 1] == ' ' && is_hex(line + TOOLCHAIN) &&
         (line[LEAST] == '\n' || line[LEAST] == ' ');
}

// Takes the line at `line` into account, for `count` keys; returns where the next begins, NULL when
// this is none or does not end before `end`. The header may stand there twice after a merge.
// `toolchain` NULL: a line applies on every one. Of several that apply the smallest recipe is
// taken, whatever their order, so that all who have the lock make the same objects.
static const char *take_line(const char *line, const char *end, const char *toolchain,
                             Wanted *wanted, size_t count) {
  size_t rest = (size_t)(end - line);
  if (rest >= HEADER && memcmp(line, INDEX_HEADER, HEADER) == 0)
    return line + HEADER;
  if (rest <= LEAST || !is_lock_line(line))
    return NULL;
  bool applies = !toolchain || memcmp(line + TOOLCHAIN, toolchain, DIGEST_HEX) == 0;
  for (size_t i = 0; applies && i < count; i++) {
    if (memcmp(line, wanted[i].key, KEY) != 0)
      continue;
    if (!wanted[i].found || memcmp(line + RECIPE, wanted[i].recipe.hex, DIGEST_HEX) < 0)
      memcpy(wanted[i].recipe.hex, line + RECIPE, DIGEST_HEX);
    wanted[i].found = true;
  }
  const char *newline = memchr(line + LEAST, '\n', rest - LEAST);
  return newline ? newline + 1 : NULL;
}

// Reads the lines from `at` on: all, or (`one`) up to the first behind those of the one key.
static bool scan(const Index *lock, size_t at, bool one, const char *toolchain, Wanted *wanted,
                 size_t count) {
  char buffer[2 * LONGEST_LINE];
  while (at < lock->size) {
    size_t length = lock->size - at < sizeof buffer ? lock->size - at : sizeof buffer;
    if (!read_at(lock->descriptor, at, buffer, length))
      return false;
    const char *line = buffer, *next;
    while ((next = take_line(line, buffer + length, toolchain, wanted, count))) {
      if (one && next - line > LEAST && memcmp(line, wanted->key, KEY) > 0)
        return true;
      line = next;
    }
    if (line == buffer) // none, or longer than any that is written
      return false;
    at += (size_t)(line - buffer);
  }
  return true;
}

static bool search(const Index *lock, const char *toolchain, Wanted *wanted) {
  size_t begin, end;
  return index_narrow(lock, wanted->key, true, &begin, &end) &&
         scan(lock, begin, true, toolchain, wanted, 1);
}

// Looks both keys of a compile up, the exact one before the inherited one. `toolchain` is the id
// that a line must have, or NULL.
Reason lock_find(const Index *lock, const Keys *keys, const char *toolchain, Digest *recipe) {
  Wanted wanted[] = {want('x', &keys->portable_exact), want('i', &keys->portable_inherited)};
  static const Reason reasons[] = {REASON_EXACT, REASON_INHERITED};
  size_t count = keys->has_inherited ? 2 : 1;
  bool whole = lock->size <= SCANNED;
  if (lock->base.hex[0] || (whole && !scan(lock, 0, false, toolchain, wanted, count)))
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
