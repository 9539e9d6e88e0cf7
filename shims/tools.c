// autopass-llvm-ar, autopass-llvm-nm, …: CMake takes "autopass-" for the prefix of a cross
// toolchain and looks for its tools under that prefix. Each becomes the tool that belongs to the
// compiler which autopass-cc becomes.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char *program_in(const char *directory, const char *name) {
  const char *path = concatenate(directory, "/", name);
  ProgramKind kind = program_kind(path);
  return kind == PROGRAM_NATIVE || kind == PROGRAM_SCRIPT ? path : NULL;
}

// The version in the compiler's name, else that of its toolchain: "-22", or "".
static const char *version_suffix(const Compiler *compiler, const char *toolchains) {
  CompilerName parsed;
  if (parse_compiler_name(base_name(compiler->path), &parsed) && *parsed.suffix)
    return parsed.suffix;
  int major = find_toolchain(toolchains, compiler->path).major;
  if (major < 1 || major > 99)
    return "";
  const char digits[] = {(char)('0' + major / 10), (char)('0' + major % 10), 0};
  return concatenate("-", digits[0] == '0' ? digits + 1 : digits, "");
}

// In the order in which CMake looks for them beside and for a plain clang.
static const char *find_tool(const char *tool, const Compiler *compiler, const char *toolchains) {
  const char *found = NULL;
  if (compiler->path) {
    const char *versioned = concatenate(tool, version_suffix(compiler, toolchains), "");
    const char *here = absolute_path(compiler->path, "..");
    char *real = realpath(compiler->path, NULL);
    if ((found = program_in(here, versioned)) || (found = search_path(versioned, NULL)) ||
        (real && (found = program_in(absolute_path(real, ".."), tool))) ||
        (found = program_in(here, tool)))
      return found;
  }
  if ((found = search_path(tool, NULL)))
    return found;
  if (starts_with(tool, "llvm-"))
    return search_path(tool + strlen("llvm-"), NULL);
  return strcmp(tool, "ld.lld") == 0 ? search_path("ld", NULL) : NULL;
}

// `tool` is the name without "autopass-".
_Noreturn void run_tool(char **argv, const char *tool, const Compiler *compiler,
                        const char *toolchains) {
  const char *path = find_tool(tool, compiler, toolchains);
  if (path) {
    argv[0] = (char *)path; // several of them are one program that goes by its name
    execve(path, argv, environ);
  }
  report_failure(path, tool);
}
