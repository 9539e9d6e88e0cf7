// autopass-llvm-ar, autopass-llvm-nm, …: CMake takes "autopass-" for the prefix of a cross
// toolchain and looks for its tools under that prefix. Each becomes the tool that belongs to the
// compiler which autopass-cc becomes.
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char *program_in(const char *directory, const char *name) {
  Program program;
  return is_program(concatenate(directory, "/", name), &program) ? program.path : NULL;
}

static const char *program_on_path(const char *name) {
  Program program;
  return search_path(name, &program) ? program.path : NULL;
}

// The version in the compiler's name, else that of its toolchain: "-22", or "".
static const char *version_suffix(const Compiler *compiler, const char *toolchains) {
  CompilerName parsed;
  if (parse_compiler_name(base_name(compiler->path), &parsed) && *parsed.suffix)
    return parsed.suffix;
  int major = find_toolchain(toolchains, compiler->path).major;
  if (!major)
    return "";
  Bytes suffix = {0};
  bytes_text(&suffix, "-");
  bytes_number(&suffix, major);
  return bytes_string(&suffix);
}

// The path of the file itself, through all links; NULL when that cannot be told.
static const char *real_path(const char *path) {
  static char target[4096];
  struct stat status;
  int descriptor = open_ordinary(path, &status);
  if (descriptor < 0)
    return NULL;
  Bytes link = {0};
  bytes_text(&link, "/proc/self/fd/");
  bytes_number(&link, descriptor);
  ssize_t length = readlink(bytes_string(&link), target, sizeof target - 1);
  close(descriptor);
  return length > 0 ? target : NULL;
}

// In the order in which CMake looks for them beside and for a plain clang.
static const char *find_tool(const char *tool, const Compiler *compiler, const char *toolchains) {
  const char *found = NULL;
  if (compiler->path) {
    const char *versioned = concatenate(tool, version_suffix(compiler, toolchains), "");
    const char *here = absolute_path(compiler->path, "..");
    const char *real = real_path(compiler->path);
    if ((found = program_in(here, versioned)) || (found = program_on_path(versioned)) ||
        (real && (found = program_in(absolute_path(real, ".."), tool))) ||
        (found = program_in(here, tool)))
      return found;
  }
  if ((found = program_on_path(tool)))
    return found;
  if (starts_with(tool, "llvm-"))
    return program_on_path(tool + strlen("llvm-"));
  return strcmp(tool, "ld.lld") == 0 ? program_on_path("ld") : NULL;
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
