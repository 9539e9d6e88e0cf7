// Which language an input file is in.
#include "launcher.h"

#include <string.h>

// clang/lib/Driver/Types.cpp, lookupTypeForExtension and Types.def
static const Naming extensions[] = {
    {"c", INPUT_C, false},         {"i", INPUT_C, true},         {"C", INPUT_CXX, false},
    {"cc", INPUT_CXX, false},      {"CC", INPUT_CXX, false},     {"cp", INPUT_CXX, false},
    {"cpp", INPUT_CXX, false},     {"CPP", INPUT_CXX, false},    {"cxx", INPUT_CXX, false},
    {"CXX", INPUT_CXX, false},     {"c++", INPUT_CXX, false},    {"C++", INPUT_CXX, false},
    {"ii", INPUT_CXX, true},       {"h", INPUT_HEADER, false},   {"H", INPUT_HEADER, false},
    {"hh", INPUT_HEADER, false},   {"hpp", INPUT_HEADER, false}, {"hxx", INPUT_HEADER, false},
    {"s", INPUT_OTHER, false},     {"S", INPUT_OTHER, false},    {"asm", INPUT_OTHER, false},
    {"ll", INPUT_OTHER, false},    {"bc", INPUT_OTHER, false},   {"m", INPUT_OTHER, false},
    {"M", INPUT_OTHER, false},     {"mm", INPUT_OTHER, false},   {"mi", INPUT_OTHER, false},
    {"mii", INPUT_OTHER, false},   {"cu", INPUT_OTHER, false},   {"cui", INPUT_OTHER, false},
    {"hip", INPUT_OTHER, false},   {"hipi", INPUT_OTHER, false}, {"cl", INPUT_OTHER, false},
    {"clcpp", INPUT_OTHER, false}, {"cppm", INPUT_OTHER, false}, {"ccm", INPUT_OTHER, false},
    {"cxxm", INPUT_OTHER, false},  {"c++m", INPUT_OTHER, false}, {"ixx", INPUT_OTHER, false},
    {"iim", INPUT_OTHER, false},   {"pcm", INPUT_OTHER, false},  {"pch", INPUT_OTHER, false},
    {"gch", INPUT_OTHER, false},   {"ast", INPUT_OTHER, false},  {"rs", INPUT_OTHER, false},
    {"hlsl", INPUT_OTHER, false},  {"f", INPUT_OTHER, false},    {"F", INPUT_OTHER, false},
    {"f90", INPUT_OTHER, false},   {"F90", INPUT_OTHER, false},  {"cir", INPUT_OTHER, false},
};

static const Naming languages[] = {
    {"c", INPUT_C, false},
    {"c++", INPUT_CXX, false},
    {"cpp-output", INPUT_C, true},
    {"c++-cpp-output", INPUT_CXX, true},
    {"c-header", INPUT_HEADER, false},
    {"c++-header", INPUT_HEADER, false},
};

static const Naming *naming_find(const Naming *table, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  }
  return NULL;
}

// `forced` is the language of the last -x, or NULL: then the extension decides.
Naming name_input(const char *path, const char *forced, bool cxx_driver) {
  static const Naming object = {"", INPUT_OBJECT, false}, other = {"", INPUT_OTHER, false};
  if (forced) {
    const Naming *language = naming_find(languages, sizeof languages / sizeof *languages, forced);
    return language ? *language : other;
  }
  const char *dot = strrchr(base_name(path), '.');
  const Naming *extension =
      dot ? naming_find(extensions, sizeof extensions / sizeof *extensions, dot + 1) : NULL;
  Naming naming = extension ? *extension : object;
  if (cxx_driver && naming.type == INPUT_C) // clang++ takes C files for C++
    naming.type = INPUT_CXX;
  return naming;
}
