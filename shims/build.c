// The build that this compile belongs to, and when it began: the topmost of our ancestors that is
// a build driver. Not the process group nor the session, which a script shares with all that it
// runs: in `make; autopass tune; make` the second make is to see the new recipes.
#include "launcher.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEEPEST = 64 };

// As the kernel cuts them (15 bytes). No shells and no interpreters: those run for days, and build
// now and then.
static const char *const drivers[] = {
    "b2",      "bazel",           "bjam",        "cargo", "cmake", "conan",    "colcon",
    "debuild", "dpkg-buildpacka", "emerge",      "gmake", "go",    "make",     "makepkg",
    "meson",   "ninja",           "ninja-build", "pip",   "pip3",  "rpmbuild", "samu",
    "sbuild",  "scons",           "tup",         "vcpkg", "waf",
};

static bool is_driver(const char *name) {
  for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
    if (!starts_with(name, drivers[i]))
      continue;
    const char *rest = name + strlen(drivers[i]);
    if (rest[strspn(rest, "0123456789.")] == 0) // pip3.11
      return true;
  }
  return false;
}

long long clock_now(clockid_t clock) {
  struct timespec now;
  return clock_gettime(clock, &now) == 0 ? (long long)now.tv_sec * 1000000000 + now.tv_nsec : 0;
}

// The `number`th word of a text whose words stand one blank apart, or its end.
static const char *word_at(const char *text, int number) {
  for (; number && *text; text++)
    number -= *text == ' ';
  return text;
}

// Reads /proc/<id>/stat: "id (name) state parent …", with the start as the 22nd word. The name may
// hold blanks and parentheses, so the last ")" ends it.
static bool read_process(const char *id, Process *process, long long *parent) {
  char text[1024];
  int descriptor = open(concatenate("/proc/", id, "/stat"), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  ssize_t length = read(descriptor, text, sizeof text - 1); // procfs gives it in one piece
  close(descriptor);
  text[length < 0 ? 0 : length] = 0;
  const char *name = strchr(text, '('), *end = strrchr(text, ')');
  if (!name || !end || end <= name || (size_t)(end - name) > sizeof process->name)
    return false;
  *process = (Process){.id = strtoll(text, NULL, 10)};
  memcpy(process->name, name + 1, (size_t)(end - name - 1));
  const char *rest = end + 1; // " state parent …": from the second word on
  *parent = strtoll(word_at(rest, 2), NULL, 10);
  process->ticks = strtoll(word_at(rest, 20), NULL, 10);
  return process->id > 0 && process->ticks > 0;
}

// Who cannot be read (another user's, under hidepid) ends the walk: what was found below counts.
bool find_build(Process *build) {
  bool found = false;
  const char *id = "self"; // in the numbering of this /proc, whatever namespace we are in
  for (int depth = 0; depth < DEEPEST; depth++) {
    Process process;
    long long parent;
    if (!read_process(id, &process, &parent))
      break;
    if (is_driver(process.name)) {
      *build = process;
      found = true;
    }
    if (parent <= 0)
      break;
    Bytes number = {0};
    bytes_number(&number, parent);
    id = bytes_string(&number);
  }
  return found;
}

// The latest time at which a process may have begun, in ns since 1970: at most one clock tick after
// it did. So a build that begins right after an index was written is not taken for an older one.
long long process_start(const Process *process) {
  enum { TICK = 10000000 }; // USER_HZ is 100 wherever clang runs
  return (process->ticks + 1) * TICK + clock_now(CLOCK_REALTIME) - clock_now(CLOCK_BOOTTIME);
}
