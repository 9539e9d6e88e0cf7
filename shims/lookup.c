// Search in a publication's index, or a project's lock: sorted lines `<kind><key> <recipe>
// <text>`. By pread, not mmap: a lock file that git rewrites under a mapping would kill the build
// with SIGBUS.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROBE = 256, WINDOW = 4096, LONGEST_LINE = 4096, KEY = 1 + DIGEST_HEX };
static const char header[] = "autopass-index 1\n";

static bool read_at(int descriptor, size_t offset, char *buffer, size_t length) {
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

// Reads the recipe out of the line that begins with the key looked for.
static Lookup parse_line(const char *line, size_t length, Digest *recipe) {
  const size_t least = KEY + 1 + DIGEST_HEX;
  if (length < least || line[KEY] != ' ' || (length > least && line[least] != ' '))
    return LOOKUP_DAMAGED;
  memcpy(recipe->hex, line + KEY + 1, DIGEST_HEX);
  recipe->hex[DIGEST_HEX] = 0;
  return is_digest(recipe->hex) ? LOOKUP_FOUND : LOOKUP_DAMAGED;
}

// Looks at the lines that begin in `[low, high)`; `low` is the begin of a line.
static Lookup scan(int descriptor, size_t low, size_t high, size_t size, const char *key,
                   Digest *recipe) {
  char buffer[WINDOW + LONGEST_LINE];
  size_t end = 0;
  for (size_t at = low; at < high;) {
    const char *newline = end ? memchr(buffer + (at - low), '\n', end - at) : NULL;
    if (!newline) { // first without what a last line of unusual length would need
      size_t more = end ? LONGEST_LINE : PROBE;
      if (end == size || end >= high + LONGEST_LINE)
        return LOOKUP_DAMAGED;
      end = high + more < size ? high + more : size;
      if (!read_at(descriptor, low, buffer, end - low))
        return LOOKUP_DAMAGED;
      continue;
    }
    const char *line = buffer + (at - low);
    size_t length = (size_t)(newline - line);
    if (length >= KEY && memcmp(line, key, KEY) == 0)
      return parse_line(line, length, recipe);
    at += length + 1;
  }
  return LOOKUP_ABSENT;
}

// Reads from `at` on until the begin of a line and its key are there, or the end of the file;
// returns the length up to it, or 0: a line longer than any that is written. Few bytes first: those
// of a large index are in no cache.
static size_t next_line(int descriptor, size_t at, size_t size, char buffer[WINDOW + KEY]) {
  for (size_t want = PROBE;; want = WINDOW + KEY) {
    size_t take = size - at < want ? size - at : want;
    if (!read_at(descriptor, at, buffer, take))
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

// `key` is 32 hex digits. Damage anywhere on the way to the line is noticed; elsewhere it does not
// matter.
Lookup index_find(int descriptor, size_t size, char kind, const char *key, Digest *recipe) {
  char wanted[KEY], buffer[WINDOW + KEY], last;
  Bound low = {sizeof header - 1, 0}, high = {size, 2ULL << 32}; // lines begin in [low, high)
  bool above = false;
  wanted[0] = kind;
  memcpy(wanted + 1, key, DIGEST_HEX);
  if (size < low.at || !read_at(descriptor, 0, buffer, low.at) ||
      memcmp(buffer, header, low.at) != 0 || !read_at(descriptor, size - 1, &last, 1) ||
      last != '\n')
    return LOOKUP_DAMAGED;
  for (int step = 0; high.at - low.at > WINDOW; step++) {
    size_t middle = choose(low, high, key_value(wanted), step, above);
    size_t line = next_line(descriptor, middle, size, buffer), at = middle + line;
    if (!line)
      return LOOKUP_DAMAGED;
    if (at >= high.at) {
      high.at = middle + 1;
      continue;
    }
    if (size - at < KEY)
      return LOOKUP_DAMAGED;
    above = memcmp(buffer + line, wanted, KEY) <= 0;
    *(above ? &low : &high) = (Bound){at, key_value(buffer + line)};
  }
  return scan(descriptor, low.at, high.at, size, wanted, recipe);
}

// The indices to ask, in order: AUTOPASS_PUBLICATION alone, else the project's lock, then the
// user's own.
size_t list_publications(const Project *project, const char *data, const char *directory,
                         Publication list[2]) {
  size_t count = 0;
  const char *chosen = getenv("AUTOPASS_PUBLICATION");
  bool named = chosen && *chosen;
  const char *place = NULL;
  if (named)
    place = absolute_path(directory, chosen);
  else if (data)
    place = concatenate(data, "/publication", "");
  if (project->root && !named) {
    const char *lock = concatenate(project->root, "/autopass.lock", "");
    list[count++] = (Publication){lock, concatenate(lock, ".d", ""), project->trusted, NULL};
  }
  if (place)
    list[count++] =
        (Publication){concatenate(place, "/index", ""), concatenate(place, "/recipes", ""),
                      trust_private, named ? NULL : place};
  return count;
}

bool any_index_exists(const Publication *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (access(list[i].index, F_OK) == 0)
      return true;
  }
  return false;
}

// Opens the index that this compile is to see; -1 with errno set.
int open_publication(const Publication *publication, struct stat *status) {
  int descriptor = open_trusted(publication->index, publication->trusted, status);
  if (descriptor >= 0 && publication->place)
    descriptor = pin_generation(descriptor, publication->place, status);
  return descriptor;
}

static Reason look_in(const Publication *publication, const Keys *keys, Digest *recipe) {
  struct stat status;
  int descriptor = open_publication(publication, &status);
  if (descriptor < 0)
    return errno == ENOENT || errno == ENOTDIR ? REASON_NO_RECIPE : REASON_INDEX_DAMAGED;
  size_t size = (size_t)status.st_size;
  Reason reason = REASON_EXACT;
  Lookup found = index_find(descriptor, size, 'x', keys->exact.hex, recipe);
  if (found == LOOKUP_ABSENT && keys->has_inherited) {
    reason = REASON_INHERITED;
    found = index_find(descriptor, size, 'i', keys->inherited.hex, recipe);
  }
  close(descriptor);
  if (found == LOOKUP_FOUND)
    return reason;
  return found == LOOKUP_DAMAGED ? REASON_INDEX_DAMAGED : REASON_NO_RECIPE;
}

// The first index that has an answer gives it; a damaged one ends the search with plain clang.
Reason look_up(const Publication *list, size_t count, const Keys *keys, const Publication **where,
               Digest *recipe) {
  Reason reason = REASON_NO_RECIPE;
  for (size_t i = 0; i < count && reason == REASON_NO_RECIPE; i++) {
    *where = &list[i];
    reason = look_in(&list[i], keys, recipe);
  }
  return reason;
}
