// Programs on PATH, without ever finding ourselves there.
#include "launcher.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// An ELF note, by which a launcher recognises every other launcher: a copy under another name, one
// of another installation or version. Two that found each other on PATH would call each other for
// ever.
#define SIGNATURE "autopass compiler launcher"
enum { FIRST_PAGE = 4096 };
__attribute__((section(".note.autopass"), used, aligned(4))) static const struct {
  uint32_t name_size, description_size, type;
  char name[12], description[sizeof SIGNATURE + 1];
} note = {9, sizeof SIGNATURE, 1, "autopass", SIGNATURE};

static bool contains(const char *data, size_t length, const char *text) {
  size_t size = strlen(text);
  const char *end = data + length;
  for (const char *at = data; (at = memchr(at, text[0], (size_t)(end - at))); at++) {
    if ((size_t)(end - at) < size)
      return false;
    if (memcmp(at, text, size) == 0)
      return true;
  }
  return false;
}

ProgramKind program_kind(const char *path) {
  struct stat status;
  char page[FIRST_PAGE];
  if (access(path, X_OK) != 0)
    return PROGRAM_NONE;
  int descriptor = open_ordinary(path, &status);
  if (descriptor < 0) // may be executable and yet not readable
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? PROGRAM_SCRIPT : PROGRAM_NONE;
  ssize_t length = read(descriptor, page, sizeof page);
  close(descriptor);
  if (length < 4 || memcmp(page, "\177ELF", 4) != 0)
    return PROGRAM_SCRIPT;
  return contains(page, (size_t)length, note.description) ? PROGRAM_LAUNCHER : PROGRAM_NATIVE;
}

// A link farm such as /usr/lib/ccache: its `clang` is ccache, which looks for the next `clang` on
// PATH. Returns the path of that cache, or NULL.
static const char *farmed_cache(const char *path) {
  static char target[4096];
  ssize_t length = readlink(path, target, sizeof target - 1);
  target[length < 0 ? 0 : length] = 0;
  const char *name = base_name(target);
  bool is_farm = is_cache_name(name) || is_remote_name(name);
  return is_farm ? absolute_path(absolute_path(path, ".."), target) : NULL;
}

bool is_program(const char *path, Program *program) {
  ProgramKind kind = program_kind(path);
  *program = (Program){path, NULL, kind == PROGRAM_NATIVE};
  return kind == PROGRAM_NATIVE || kind == PROGRAM_SCRIPT;
}

// Finds the first program of that name on PATH that is no launcher and no link to a cache; `cache`
// is the first cache that stands before it there.
bool search_path(const char *name, Program *program) {
  const char *path = getenv("PATH"), *before = NULL, *cache;
  if (!path)
    path = "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    size_t length = strcspn(path, ":");
    Bytes candidate = {0};
    bytes_add(&candidate, length ? path : ".", length ? length : 1);
    bytes_text(&candidate, "/");
    bytes_text(&candidate, name);
    if (is_program(bytes_string(&candidate), program)) {
      if (!(cache = farmed_cache(candidate.data))) {
        program->cache = before;
        return true;
      }
      if (!before)
        before = cache;
    }
    if (!path[length])
      return false;
    path += length + 1;
  }
}
