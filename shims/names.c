// What a program's name says: which compiler, which version, a cache in front of it, another
// machine.
#include "launcher.h"

#include <string.h>

static bool is_one_of(const char *name, const char *const *list) {
  for (; *list; list++) {
    if (strcmp(name, *list) == 0)
      return true;
  }
  return false;
}

// autopass-c++, clang++, clang++-22, …
bool is_cxx_name(const char *name) { return strstr(name, "++") != NULL; }

bool is_cache_name(const char *name) {
  static const char *const caches[] = {"ccache", "sccache", "buildcache", "cachepot", NULL};
  return is_one_of(name, caches);
}

bool is_remote_name(const char *name) {
  static const char *const remotes[] = {"distcc",   "icecc",     "icerun",    "gomacc",
                                        "reclient", "rewrapper", "fastbuild", NULL};
  return is_one_of(name, remotes);
}

// Returns the version suffix ("-22", "-14.0" or "") of a name made of `word`, or NULL for another
// name.
static const char *suffix_after(const char *name, const char *word) {
  size_t length = strlen(word);
  if (strncmp(name, word, length) != 0)
    return NULL;
  const char *suffix = name + length;
  bool version = suffix[0] == '-' && suffix[1] && !suffix[1 + strspn(suffix + 1, "0123456789.")];
  return !suffix[0] || version ? suffix : NULL;
}

// Splits [PREFIX-](clang|clang++|gcc|g++|cc|c++)[-VERSION]; false for a name of another kind.
bool parse_compiler_name(const char *name, CompilerName *parsed) {
  static const char *const words[] = {"clang++", "clang", "gcc", "g++", "cc", "c++"};
  for (const char *rest = name; rest; rest = strchr(rest, '-') ? strchr(rest, '-') + 1 : NULL) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
      const char *suffix = suffix_after(rest, words[i]);
      if (!suffix)
        continue;
      *parsed = (CompilerName){words[i], suffix, (size_t)(rest - name)};
      return true;
    }
  }
  return false;
}
