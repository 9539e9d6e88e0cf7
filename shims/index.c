// Search in an index: sorted lines `<kind><key> <recipe> …`. By pread, not mmap: a file that git
// rewrites under a mapping would kill the build with SIGBUS.
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PROBE = 256, WINDOW = 4096, HEADER = sizeof INDEX_HEADER - 1 };

bool read_at(int descriptor, size_t offset, char *buffer, size_t length) {
  while (length) {
    ssize_t got = pread(descriptor, buffer, length, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    buffer += got;
    offset += (size_t)got;
    length -= (size_t)got;
  }
  return true;
}

bool is_tombstone(const Digest *recipe) { return strspn(recipe->hex, "0") == DIGEST_HEX; }

// What every line begins with: a key, a blank, a recipe, and a blank or the end.
static bool is_line(const char *line, size_t length) {
  const size_t least = KEY + 1 + DIGEST_HEX;
  return length >= least && is_digest(line + 1) && line[KEY] == ' ' && is_digest(line + KEY + 1) &&
         (length == least || line[least] == ' ');
}

static Digest recipe_of(const char *line) {
  Digest recipe;
  memcpy(recipe.hex, line + KEY + 1, DIGEST_HEX);
  recipe.hex[DIGEST_HEX] = 0;
  return recipe;
}

// Takes a file for an index if it begins and ends like one; false: it is damaged. The line of kind
// `b`, which names a base, sorts before all others; the search passes it over like any other line.
bool index_begin(int descriptor, const struct stat *status, Index *index) {
  char head[HEADER + KEY + 1 + DIGEST_HEX + 1], last;
  size_t size = (size_t)status->st_size;
  size_t length = size < sizeof head ? size : sizeof head;
  *index = (Index){.descriptor = descriptor, .size = size};
  if (length < HEADER || !read_at(descriptor, 0, head, length) ||
      memcmp(head, INDEX_HEADER, HEADER) != 0 || !read_at(descriptor, size - 1, &last, 1) ||
      last != '\n')
    return false;
  if (length == HEADER || head[HEADER] != 'b')
    return true;
  if (length < sizeof head)
    return false;
  const char *line = head + HEADER;
  size_t shown = sizeof head - HEADER; // the line's end, or what follows it, is the last byte of it
  if (!is_line(line, line[shown - 1] == '\n' ? shown - 1 : shown))
    return false;
  Digest nothing = recipe_of(line);
  memcpy(index->base.hex, line + 1, DIGEST_HEX);
  return is_tombstone(&nothing);
}

// Looks at the lines that begin in `[low, high)`; `low` is the begin of a line.
static Lookup scan(const Index *index, size_t low, size_t high, const char *wanted,
                   Digest *recipe) {
  char buffer[WINDOW + LONGEST_LINE];
  size_t end = 0;
  for (size_t at = low; at < high;) {
    const char *newline = end ? memchr(buffer + (at - low), '\n', end - at) : NULL;
    if (!newline) { // first without what a last line of unusual length would need
      size_t more = end ? LONGEST_LINE : PROBE;
      if (end == index->size || end >= high + LONGEST_LINE)
        return LOOKUP_DAMAGED;
      end = high + more < index->size ? high + more : index->size;
      if (!read_at(index->descriptor, low, buffer, end - low))
        return LOOKUP_DAMAGED;
      continue;
    }
    const char *line = buffer + (at - low);
    size_t length = (size_t)(newline - line);
    if (length >= KEY && memcmp(line, wanted, KEY) == 0) {
      if (!is_line(line, length))
        return LOOKUP_DAMAGED;
      *recipe = recipe_of(line);
      return is_tombstone(recipe) ? LOOKUP_HIDDEN : LOOKUP_FOUND;
    }
    at += length + 1;
  }
  return LOOKUP_ABSENT;
}

// Reads from `at` on until the begin of a line and its key are there, or the end of the file;
// returns the length up to it, or 0: a line longer than any that is written. Few bytes first: those
// of a large index are in no cache.
static size_t next_line(const Index *index, size_t at, char buffer[WINDOW + KEY]) {
  for (size_t want = PROBE;; want = WINDOW + KEY) {
    size_t rest = index->size - at, take = rest < want ? rest : want;
    if (!read_at(index->descriptor, at, buffer, take))
      return 0;
    const char *newline = memchr(buffer, '\n', take);
    size_t line = newline ? (size_t)(newline - buffer) + 1 : 0;
    if ((line && line + KEY <= take) || take < want)
      return line;
    if (want > PROBE)
      return 0;
  }
}

// A key as a number: kinds one after the other, each with the first 32 bits of its digest.
static unsigned long long key_value(const char *key) {
  unsigned long long value = key[0] == 'x';
  for (int i = 1; i <= 8; i++)
    value = value << 4 | (unsigned)(key[i] <= '9' ? key[i] - '0' : key[i] - 'a' + 10) % 16;
  return value;
}

typedef struct {
  size_t at;                // a line begins here, or the file ends
  unsigned long long value; // of its key
} Bound;

// Digests are spread evenly, so the place of a key is known to within a few times the square root
// of the number of lines; the next to look at is that far above or below it, on the side that has
// not been looked at last. So the range shrinks to its square root in two steps, where halving
// shrinks it to a quarter. Not for ever: what somebody else wrote may be spread in any way.
static size_t choose(Bound low, Bound high, unsigned long long wanted, int step, bool above) {
  enum { STEPS = 12, LINE = 72, SHIFT = 16 };
  size_t range = high.at - low.at, margin = 1;
  if (step >= STEPS || wanted < low.value || wanted > high.value || high.value == low.value ||
      range >> (sizeof range * 8 - SHIFT - 1))
    return low.at + range / 2;
  unsigned long long part = ((wanted - low.value) << SHIFT) / (high.value - low.value);
  size_t offset = (size_t)(range * part) >> SHIFT;
  while (margin * margin < range * LINE)
    margin *= 2;
  if (above)
    offset += margin;
  else
    offset = offset > margin ? offset - margin : 0;
  return low.at + (offset < range - WINDOW / 2 ? offset : range - WINDOW / 2);
}

// Narrows the file down to where a line of this key begins: in `[*begin, *end)`. With `first`, to
// where the first of several begins: at or after `*begin`, and not after the line at `*end`.
bool index_narrow(const Index *index, const char *wanted, bool first, size_t *begin, size_t *end) {
  char buffer[WINDOW + KEY];
  Bound low = {HEADER, 0}, high = {index->size, 2ULL << 32}; // lines begin in [low, high)
  bool above = false;
  for (int step = 0; high.at - low.at > WINDOW; step++) {
    size_t middle = choose(low, high, key_value(wanted), step, above);
    size_t line = next_line(index, middle, buffer), at = middle + line;
    if (!line)
      return false;
    if (at >= high.at) {
      high.at = middle + 1;
      continue;
    }
    if (index->size - at < KEY || !is_digest(buffer + line + 1))
      return false;
    int order = memcmp(buffer + line, wanted, KEY);
    above = first ? order < 0 : order <= 0;
    *(above ? &low : &high) = (Bound){at, key_value(buffer + line)};
  }
  *begin = low.at;
  *end = high.at;
  return true;
}

// `key` is 32 hex digits. Damage anywhere on the way to the line is noticed; elsewhere it does not
// matter.
Lookup index_find(const Index *index, char kind, const char *key, Digest *recipe) {
  char wanted[KEY];
  size_t low, high;
  wanted[0] = kind;
  memcpy(wanted + 1, key, DIGEST_HEX);
  return index_narrow(index, wanted, false, &low, &high) ? scan(index, low, high, wanted, recipe)
                                                         : LOOKUP_DAMAGED;
}
