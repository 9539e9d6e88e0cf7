// Which compiler is meant: the one on the command line (autopass-cc clang-19 -c …), AUTOPASS_CLANG,
// the one we are named after, the default of the toolchains file, the newest on PATH; in this
// order.
#include "launcher.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEWEST = 40, OLDEST = 11 };

// A script or a cache may call a compiler by a name that is ours again; it hands this variable on.
const char level_variable[] = "_AUTOPASS_LEVEL";

static bool is_nested(void) { return getenv(level_variable) != NULL; }

static bool accept(Compiler *compiler, const Program *program) {
  compiler->path = program->path;
  compiler->shown = program->path;
  compiler->native = program->native;
  return true;
}

static bool accept_path(Compiler *compiler, const char *path) {
  Program program;
  return is_program(path, &program) && accept(compiler, &program);
}

// The first program of this name on PATH, with the cache that a link farm puts before it.
static bool accept_named(Compiler *compiler, const char *name) {
  Program program;
  if (!search_path(name, &program))
    return false;
  if (program.cache && !is_nested()) {
    words_add(&compiler->prefix, program.cache);
    compiler->remote = is_remote_name(base_name(program.cache));
  }
  return accept(compiler, &program);
}

static bool accept_any_clang(Compiler *compiler) {
  if (accept_named(compiler, "clang"))
    return true;
  for (int version = NEWEST; version >= OLDEST; version--) {
    Bytes name = {0};
    bytes_text(&name, "clang-");
    bytes_number(&name, version);
    if (accept_named(compiler, bytes_string(&name)))
      return true;
  }
  return false;
}

// The value of the `default` line.
static bool accept_default(Compiler *compiler, const char *toolchains) {
  const char *line = toolchains ? strstr(toolchains, "\ndefault\t") : NULL;
  if (!line)
    return false;
  line += strlen("\ndefault\t");
  Bytes path = {0};
  bytes_add(&path, line, strcspn(line, "\t\n"));
  return accept_path(compiler, bytes_string(&path));
}

// /usr/bin/clang-22 -> /usr/bin/clang++-22, gcc -> g++; false when there is no such program.
static bool accept_cxx_sibling(Compiler *compiler) {
  CompilerName parsed;
  const char *path = compiler->path, *name = base_name(path);
  if (!parse_compiler_name(name, &parsed))
    return false;
  bool clang = strcmp(parsed.word, "clang") == 0;
  if (!clang && strcmp(parsed.word, "gcc") != 0)
    return false;
  Bytes sibling = {0};
  bytes_add(&sibling, path, (size_t)(name - path) + parsed.prefix);
  bytes_text(&sibling, clang ? "clang++" : "g++");
  bytes_text(&sibling, parsed.suffix);
  return accept_path(compiler, bytes_string(&sibling));
}

// The C++ driver of the compiler that was found, where one is wanted and it is not that already.
static void become_cxx(Compiler *compiler, bool cxx) {
  compiler->cxx = cxx;
  if (cxx && !is_cxx_name(base_name(compiler->shown)) && !accept_cxx_sibling(compiler))
    compiler->driver_mode = true;
}

// A masqueraded `clang-22` means that version, whatever is set. With TRIPLE-clang the driver takes
// its target from the name, so where there is no such program it keeps the name.
static bool accept_versioned(Compiler *compiler, const char *name) {
  CompilerName parsed;
  if (starts_with(name, "autopass-") || !parse_compiler_name(name, &parsed) ||
      !starts_with(parsed.word, "clang") || (!parsed.prefix && !*parsed.suffix))
    return false;
  if (parsed.prefix && accept_named(compiler, name))
    return true;
  if (!accept_named(compiler, concatenate("clang", parsed.suffix, "")))
    return false;
  if (parsed.prefix) {
    compiler->shown = concatenate(absolute_path(compiler->path, ".."), "/", name);
    compiler->renamed = true;
  }
  return true;
}

static bool accept_setting(Compiler *compiler, const char *setting, const char *toolchains);

// By the name that a launcher was called by. `setting` is AUTOPASS_CLANG, or NULL where it must not
// count.
static bool accept_by_name(Compiler *compiler, const char *name, const char *setting,
                           const char *toolchains) {
  bool found;
  if (accept_versioned(compiler, name)) {
    found = true;
  } else if (setting && *setting) {
    found = accept_setting(compiler, setting, toolchains);
    if (!found)
      *compiler = (Compiler){.wanted = setting};
  } else {
    found = (starts_with(name, "clang") && accept_named(compiler, "clang")) ||
            accept_default(compiler, toolchains) || accept_any_clang(compiler);
  }
  if (found)
    become_cxx(compiler, is_cxx_name(name));
  return found;
}

static bool locate(const char *word, Program *program) {
  return strchr(word, '/') ? is_program(word, program) : search_path(word, program);
}

// An object file may have the name of a compiler: `autopass-cc cc main.o` links two files.
static bool is_input(const char *word) {
  return !strchr(word, '/') && access(word, F_OK) == 0 && access(word, X_OK) != 0;
}

// Reads caches and a compiler from the front of `words`; returns how many words that took, 0 for
// none.
static size_t accept_words(Compiler *compiler, char *const *words, const char *setting,
                           const char *toolchains) {
  size_t count = 0;
  CompilerName parsed;
  Program program;
  for (;; count++) {
    const char *word = words[count];
    if (!word || word[0] == '-' || word[0] == '@' || is_input(word))
      break;
    const char *name = base_name(word);
    bool remote = is_remote_name(name);
    if ((remote || is_cache_name(name)) && locate(word, &program)) {
      words_add(&compiler->prefix, program.path);
      compiler->remote |= remote;
      continue;
    }
    if (!parse_compiler_name(name, &parsed))
      break;
    if (strchr(word, '/') ? program_kind(word) == PROGRAM_LAUNCHER
                          : starts_with(name, "autopass-c"))
      return accept_by_name(compiler, name, setting, toolchains) ? count + 1 : 0;
    if (strchr(word, '/') ? !accept_path(compiler, word) : !accept_named(compiler, word))
      break;
    compiler->cxx = is_cxx_name(name);
    return count + 1;
  }
  if (count == 0)
    return 0;
  // `ccache -s`, or a word that is no compiler: the last cache is what is run, and nothing is known
  // of it.
  accept_path(compiler, compiler->prefix.items[--compiler->prefix.count]);
  return count;
}

// AUTOPASS_CLANG is a path (perhaps with blanks in it), a name, or a command such as "ccache
// clang-22".
static bool accept_setting(Compiler *compiler, const char *setting, const char *toolchains) {
  if (strchr(setting, '/') && accept_path(compiler, setting))
    return true;
  if (!setting[strcspn(setting, " \t")])
    return !strchr(setting, '/') && accept_named(compiler, setting);
  Words words = {0};
  for (const char *at = setting; at += strspn(at, " \t"), *at; at += strcspn(at, " \t")) {
    Bytes word = {0};
    bytes_add(&word, at, strcspn(at, " \t"));
    words_add(&words, bytes_string(&word));
  }
  return words.count &&
         accept_words(compiler, (char *const *)words.items, NULL, toolchains) == words.count;
}

// Finds the compiler and returns how many words of `argv`, after its first, name it.
size_t find_compiler(char **argv, const char *toolchains, Compiler *compiler) {
  // Coming back through what AUTOPASS_CLANG names, it must not be taken again.
  const char *setting = is_nested() ? NULL : getenv("AUTOPASS_CLANG");
  *compiler = (Compiler){.wanted = "clang"};
  size_t words =
      argv[1] && argv[1][0] != '-' ? accept_words(compiler, argv + 1, setting, toolchains) : 0;
  if (!words) {
    *compiler = (Compiler){.wanted = "clang"};
    accept_by_name(compiler, base_name(argv[0]), setting, toolchains);
  }
  compiler->nested = is_nested();
  return words;
}
