#include "launcher.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

// What decides which headers, libraries and helper programs clang uses; goes into the build record.
const char *const recorded_variables[] = {
    "CPATH",         "C_INCLUDE_PATH",  "CPLUS_INCLUDE_PATH", "LIBRARY_PATH",
    "COMPILER_PATH", "GCC_EXEC_PREFIX", "SOURCE_DATE_EPOCH",  NULL};

// CCC_OVERRIDE_OPTIONS rewrites the command line (even -O), CC_PRINT_* and CC_LOG_* write arguments
// out, as does a reproducer that is forced; CLANG_CONFIG_* add options from files.
bool environment_overrides_clang(void) {
  static const char *const prefixes[] = {"CCC_",
                                         "CC_PRINT_",
                                         "CC_LOG_DIAGNOSTICS",
                                         "QA_OVERRIDE_GCC3_OPTIONS=",
                                         "CLANG_CONFIG_",
                                         "FORCE_CLANG_DIAGNOSTICS_CRASH="};
  for (char **variable = environ; *variable; variable++) {
    if (!strchr("CQF", (*variable)[0]))
      continue;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
      if (starts_with(*variable, prefixes[i]))
        return true;
    }
  }
  return false;
}

// ccache that runs its misses through distcc or icecc.
bool hands_compiles_on(void) {
  static const char *const variables[] = {"CCACHE_PREFIX", "SCCACHE_DIST_SCHEDULER_URL"};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    const char *value = getenv(variables[i]);
    if (value && *value)
      return true;
  }
  return false;
}

static bool is_blank(const char *text) { return !text || text[strspn(text, " \t\r\n")] == 0; }

static const char *make_absolute(const char *directory, const char *path) {
  return directory || path[0] == '/' ? absolute_path(directory, path) : NULL;
}

// Returns autopass's data directory as an absolute path, or NULL; the same rule as
// autopass_cc/paths.py. `directory` is the working directory, or NULL.
const char *data_directory(const char *directory) {
  const char *home = getenv("AUTOPASS_HOME");
  if (home && *home)
    return make_absolute(directory, home);
  const char *data = getenv("XDG_DATA_HOME");
  if (!is_blank(data))
    return make_absolute(directory, concatenate(data, "/autopass", ""));
  const char *user = getenv("HOME");
  return user && *user ? concatenate(user, "/.local/share/autopass", "") : NULL;
}
