// Build systems try the compiler out before they use it; those files say nothing about a project.
#include "launcher.h"

#include <string.h>

static bool is_probe_file(const char *path) {
  // autoconf, Meson: the name, alone or before a dot ("conftest", "conftest.c", not "conftest_x.c")
  static const char *const names[] = {"conftest", "tmp.conftest", "sanitycheckc", "sanitycheckcpp"};
  static const char *const prefixes[] = {"cmTC_", "CMakeCCompiler", "CMakeCXXCompiler"};
  const char *name = base_name(path);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t length = strlen(names[i]);
    if (strncmp(name, names[i], length) == 0 && (name[length] == 0 || name[length] == '.'))
      return true;
  }
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    if (starts_with(name, prefixes[i]))
      return true;
  }
  return false;
}

static bool is_probe_place(const char *path) {
  static const char *const places[] = {"CMakeFiles/CMakeTmp", "CMakeFiles/CMakeScratch",
                                       "CMakeFiles/cmTC_", "/CompilerIdC", "meson-private"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (strstr(path, places[i]))
      return true;
  }
  return false;
}

bool is_probe(const Command *command, const char *directory) {
  const char *const files[] = {command->source, command->output};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (files[i] && (is_probe_file(files[i]) || is_probe_place(files[i])))
      return true;
  }
  return is_probe_place(directory);
}
