// Index, base and lock of arbitrary bytes, and valid ones with some bytes changed. What is found
// must stand there, and must be what a plain reading of the whole file finds.
#include "fuzz.h"

// The two ways of searching a lock, which its size decides between, are called one by one.
#include "../../shims/lock.c"

#include <unistd.h>

#define TEN "0123456789"
static const char exact[] = "x7" TEN TEN TEN "a", inherited[] = "i7" TEN TEN TEN "b";
static const char portable_exact[] = "x7" TEN TEN TEN "c";
static const char portable_inherited[] = "i7" TEN TEN TEN "d";
static const char base_name_[] = "ba5eba5eba5eba5eba5eba5eba5eba5e";
static const char mine[] = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
                  theirs[] = "cbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcb";
static const char nothing[] = "00000000000000000000000000000000";

static void add_words(Bytes *text, const char *first, const char *second) {
  bytes_text(text, first);
  bytes_text(text, second);
}

// Sorted lines of other keys, evenly spread over those whose first digit is in [from, to).
UNCOVERED static void add_filling(Bytes *text, unsigned lines, char kind, unsigned from,
                                  unsigned to, bool lock) {
  char line[] = "x00000000abcdefabcdefabcdefabcdef 0000000000000000000000000000000f "
                "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\n";
  size_t length = sizeof line - 1 - (lock ? 0 : DIGEST_HEX + 1);
  line[0] = kind;
  line[length - 1] = '\n';
  for (unsigned i = 0; i < lines; i++) {
    unsigned value = (from << 28) + ((to - from) << 28) / lines * i;
    for (int digit = 8; digit; digit--, value >>= 4)
      line[digit] = "0123456789abcdef"[value & 15];
    bytes_add(text, line, length);
  }
}

// A byte below 0x20 stands for a piece of a line, and every other for itself.
static void expand(Input input, bool lock, Bytes *text) {
  static const char digits[] = "0123456789abcdef";
  static const char *const pieces[] = {
      [0x01] = exact, [0x02] = inherited, [0x03] = portable_exact, [0x04] = portable_inherited,
      [0x05] = " 1",  [0x06] = " 2",      [0x07] = " 0",           [0x08] = " ",
      [0x0b] = " ",   [0x0c] = "b",       [0x0e] = INDEX_HEADER,
  };
  while (input.size) {
    unsigned byte = take_byte(&input);
    if (byte >= sizeof pieces / sizeof *pieces || !pieces[byte]) {
      if (byte == 0x0f) {
        unsigned lines = take_byte(&input), from = take_byte(&input);
        add_filling(text, lines, from % 2 ? 'x' : 'i', from / 2 % 8, 9 + from % 6, lock);
      } else {
        bytes_add(text, &(char){(char)byte}, 1);
      }
      continue;
    }
    bytes_text(text, pieces[byte]);
    if (byte >= 5 && byte <= 7) { // a recipe
      char digit = byte == 7 ? '0' : digits[take_byte(&input) % 16];
      for (int i = 1; i < DIGEST_HEX; i++)
        bytes_add(text, &digit, 1);
    }
    if (byte == 8 || byte == 0x0b)
      bytes_text(text, byte == 8 ? mine : theirs);
    if (byte == 0x0c)
      add_words(text, base_name_, " 00000000000000000000000000000000 base\n");
  }
}

// One line with a key that is looked for; bits of `choice` say where it was proven and its text.
UNCOVERED static void add_key(Bytes *text, const char *key, char digit, unsigned choice,
                              bool lock) {
  char recipe[1 + DIGEST_HEX];
  memset(recipe, digit, sizeof recipe);
  recipe[0] = ' ';
  bytes_text(text, key);
  bytes_add(text, recipe, sizeof recipe);
  if (lock)
    add_words(text, " ", choice & 2 ? mine : theirs);
  add_words(text, choice & 4 ? " text of any length" : "", "\n");
}

// Lines in order, of which some have the keys that are looked for; then a few bytes are changed.
UNCOVERED static bool make_valid(Input *input, bool lock, bool base, Bytes *text) {
  static const char *const keys[2][2] = {{inherited, exact}, {portable_inherited, portable_exact}};
  unsigned lines = take_byte(input), seed = take_byte(input);
  lines = lines % 64 * (lines < 32 ? 4 : 1);
  bytes_text(text, INDEX_HEADER);
  if (base)
    add_words(text, concatenate("b", base_name_, " "), concatenate(nothing, " base", "\n"));
  for (int kind = 0; kind < 2; kind++) {
    unsigned copies = take_byte(input) % (lock ? 30 : 2);
    add_filling(text, seed & 1 ? lines : 0, "ix"[kind], 0, 7, lock);
    for (unsigned i = 0; i < copies; i++) {
      unsigned choice = take_byte(input), digit = lock ? (choice & 1) + i / 2 : choice % 8;
      add_key(text, keys[lock][kind], "0123456789abcdef"[digit], choice >> 2, lock);
    }
    add_filling(text, seed & 2 ? lines : 0, "ix"[kind], 8, 15, lock);
  }
  unsigned changes = take_byte(input) % 4;
  for (unsigned i = 0; i < changes; i++) {
    size_t at = (take_byte(input) << 8 | take_byte(input)) * text->length >> 16;
    text->data[at] ^= (char)take_byte(input);
  }
  return changes == 0;
}

// ---- what a plain reading finds
UNCOVERED static bool read_hex(const char **at, const char *end) {
  static const bool digits[256] = {
      ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
      ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1};
  const char *begin = *at;
  while (*at < end && *at < begin + DIGEST_HEX && digits[(unsigned char)**at])
    ++*at;
  return *at == begin + DIGEST_HEX;
}

UNCOVERED static bool read_blank(const char **at, const char *end) {
  return *at < end && *(*at)++ == ' ';
}

typedef struct {
  Lookup lookup;
  char recipe[DIGEST_HEX];
} Found;

// The smallest recipe of a key in a lock; damaged at the first line that is none.
UNCOVERED static Found read_lock(const Bytes *text, const char *key, const char *toolchain) {
  Found found = {.lookup = LOOKUP_ABSENT};
  const size_t header = strlen(INDEX_HEADER);
  const char *all = text->data, *end = all + text->length;
  bool whole = text->length >= header && memcmp(all, INDEX_HEADER, header) == 0 && end[-1] == '\n';
  for (const char *line = all, *next; whole && line < end; line = next) {
    const char *stop = memchr(line, '\n', (size_t)(end - line)), *at = line + 1;
    next = stop + 1;
    if ((size_t)(next - line) == header && memcmp(line, INDEX_HEADER, header) == 0)
      continue;
    bool good = (*line == 'x' || *line == 'i') && next - line <= 2 * LONGEST_LINE &&
                read_hex(&at, stop) && read_blank(&at, stop) && read_hex(&at, stop) &&
                read_blank(&at, stop) && read_hex(&at, stop) && (at == stop || *at == ' ');
    if (!good) {
      whole = false;
      break;
    }
    const char *recipe = line + 1 + DIGEST_HEX + 1, *proven = recipe + DIGEST_HEX + 1;
    if (memcmp(line, key, KEY) != 0 || (toolchain && memcmp(proven, toolchain, DIGEST_HEX) != 0) ||
        (found.lookup == LOOKUP_FOUND && memcmp(recipe, found.recipe, DIGEST_HEX) >= 0))
      continue;
    found.lookup = LOOKUP_FOUND;
    memcpy(found.recipe, recipe, DIGEST_HEX);
  }
  return whole ? found : (Found){.lookup = LOOKUP_DAMAGED};
}

// The first line of a key in an index, if it is a good one.
UNCOVERED static Found read_index(const Bytes *text, const char *key) {
  const char *end = text->data + text->length, *next;
  for (const char *line = text->data; line < end; line = next) {
    const char *stop = memchr(line, '\n', (size_t)(end - line)), *at = line + KEY;
    next = stop ? stop + 1 : end;
    if (!stop || next - line <= KEY || memcmp(line, key, KEY) != 0)
      continue;
    const char *recipe = at + 1;
    if (!read_blank(&at, stop) || !read_hex(&at, stop) || (at < stop && *at != ' '))
      continue;
    Found found = {.lookup = memcmp(recipe, nothing, DIGEST_HEX) ? LOOKUP_FOUND : LOOKUP_HIDDEN};
    memcpy(found.recipe, recipe, DIGEST_HEX);
    return found;
  }
  return (Found){.lookup = LOOKUP_ABSENT};
}

UNCOVERED static bool stands_there(const Bytes *text, const char *key, const Digest *recipe) {
  const char *line = concatenate(key, " ", recipe->hex), *end = text->data + text->length;
  for (const char *at = text->data; (at = memmem(at, (size_t)(end - at), line, strlen(line)));
       at++) {
    if (at == text->data || at[-1] == '\n')
      return true;
  }
  return false;
}

// ---- the checks
static Keys known_keys(bool has_inherited) {
  Keys keys = {.has_exact = true, .has_portable = true, .has_inherited = has_inherited};
  memcpy(keys.exact.hex, exact + 1, DIGEST_HEX);
  memcpy(keys.inherited.hex, inherited + 1, DIGEST_HEX);
  memcpy(keys.portable_exact.hex, portable_exact + 1, DIGEST_HEX);
  memcpy(keys.portable_inherited.hex, portable_inherited + 1, DIGEST_HEX);
  return keys;
}

static void check_publication(const Bytes *index, const Bytes *base, const Keys *keys, bool valid) {
  const Publication list[] = {{"/p/index", "/p/recipes", trust_private, "/p", false}};
  const Publication *where;
  Digest recipe;
  file_put("/p/index", index);
  if (base)
    file_put(concatenate("/p/base.", base_name_, ""), base);
  Reason reason = look_up(list, 1, keys, mine, &where, &recipe);
  const char *key = reason == REASON_EXACT ? exact : inherited;
  CHECK(reason == REASON_EXACT || reason == REASON_INHERITED || reason == REASON_NO_RECIPE ||
            reason == REASON_INDEX_DAMAGED,
        index);
  bool hit = reason == REASON_EXACT || reason == REASON_INHERITED;
  if (hit) {
    CHECK(stands_there(index, key, &recipe) || (base && stands_there(base, key, &recipe)), index);
    CHECK(is_digest(recipe.hex) && !is_tombstone(&recipe), index);
    CHECK(reason == REASON_EXACT || keys->has_inherited, index);
  }
  if (!valid)
    return;
  CHECK(reason != REASON_INDEX_DAMAGED, index);
  for (int kind = 0; kind < (keys->has_inherited ? 2 : 1); kind++) {
    Found found = read_index(index, kind ? inherited : exact);
    if (found.lookup == LOOKUP_ABSENT && base)
      found = read_index(base, kind ? inherited : exact);
    if (found.lookup != LOOKUP_FOUND)
      continue;
    CHECK(reason == (kind ? REASON_INHERITED : REASON_EXACT), index);
    CHECK(memcmp(recipe.hex, found.recipe, DIGEST_HEX) == 0, index);
    return;
  }
  CHECK(reason == REASON_NO_RECIPE, index);
}

static void check_lock(const Bytes *text, const Keys *keys, bool frozen, bool valid) {
  struct stat status;
  Index lock;
  Digest recipe;
  const char *toolchain = frozen ? NULL : mine;
  file_put("/q/autopass.lock", text);
  int descriptor = open_trusted("/q/autopass.lock", trust_private, &status);
  bool begins = index_begin(descriptor, &status, &lock);
  Reason reason = begins ? lock_find(&lock, keys, toolchain, &recipe) : REASON_INDEX_DAMAGED;
  static const char *const wanted[] = {portable_exact, portable_inherited};
  static const Reason hits[] = {REASON_EXACT, REASON_INHERITED};
  Reason expected = REASON_NO_RECIPE;
  for (int kind = 0; kind < (keys->has_inherited ? 2 : 1); kind++) {
    Found found = read_lock(text, wanted[kind], toolchain);
    bool hit = found.lookup == LOOKUP_FOUND && memcmp(found.recipe, nothing, DIGEST_HEX) != 0;
    if (expected == REASON_NO_RECIPE && (hit || found.lookup == LOOKUP_DAMAGED)) {
      expected = hit ? hits[kind] : REASON_INDEX_DAMAGED;
      CHECK(!hit || (reason == expected && memcmp(recipe.hex, found.recipe, DIGEST_HEX) == 0),
            text);
    }
    Wanted one = {0};
    memcpy(one.key, wanted[kind], KEY);
    bool searched = begins && search(&lock, toolchain, &one); // as if it were large
    if (!valid)
      continue;
    CHECK(searched && one.found == (found.lookup == LOOKUP_FOUND), text);
    CHECK(!one.found || memcmp(one.recipe.hex, found.recipe, DIGEST_HEX) == 0, text);
  }
  CHECK(reason == expected || text->length > SCANNED, text);
  close(descriptor);
}

static bool make(Input *input, unsigned flags, bool lock, bool base, Bytes *text) {
  bool raw = flags & 1, valid = false;
  bytes_text(text, raw && flags & 2 ? INDEX_HEADER : "");
  if (raw)
    expand(take_part(input), lock, text);
  else
    valid = make_valid(input, lock, base, text);
  bytes_string(text); // so that even an empty one has memory
  return valid;
}

static void run(Input input) {
  unsigned flags = take_byte(&input);
  Keys keys = known_keys(!(flags & 4));
  Bytes first = {0}, base = {0};
  if (flags & 8) {
    bool valid = make(&input, flags, true, false, &first);
    check_lock(&first, &keys, flags & 16, valid);
  } else {
    bool with_base = flags & 16, valid = make(&input, flags, false, with_base, &first);
    if (with_base)
      valid &= make(&input, flags, false, false, &base);
    check_publication(&first, with_base ? &base : NULL, &keys, valid);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (setjmp(unchanged) == 0)
    run((Input){data, size});
  files_reset();
  arena_reset();
  return 0;
}
