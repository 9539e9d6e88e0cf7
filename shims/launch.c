// The two ways out of the launcher. Both become clang: same process, descriptors, signals and
// umask.
#include "launcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char **original;
static Compiler target;

void launch_prepare(char **argv, const Compiler *compiler) {
  original = argv;
  target = *compiler;
}

static _Noreturn void report_failure(void) {
  int error = errno;
  fprintf(stderr, "autopass-cc: cannot run %s: %s\n", target.path ? target.path : "clang",
          target.path ? strerror(error) : "not found (install clang, or set AUTOPASS_CLANG)");
  exit(target.path && error != ENOENT ? 126 : 127); // as a shell reports it
}

// Runs the compiler with the user's arguments, byte for byte. Every doubt ends here.
_Noreturn void run_unchanged(void) {
  if (!target.path)
    report_failure();
  size_t count = 0;
  while (original[count])
    count++;
  // Not allocate(): this must work when memory is short. argv[0] is ours to change; one more
  // argument needs a new array.
  original[0] = (char *)target.path;
  char **arguments = original;
  if (target.driver_mode && (arguments = malloc((count + 2) * sizeof *arguments))) {
    arguments[0] = original[0];
    arguments[1] = "--driver-mode=g++";
    memcpy(arguments + 2, original + 1, count * sizeof *arguments);
  }
  if (arguments)
    execve(target.path, arguments, environ);
  report_failure();
}

// Runs the compiler with the recipe's arguments put before the user's.
_Noreturn void run_with(const Words *recipe) {
  Words arguments = {0};
  words_add(&arguments, target.path);
  for (size_t i = 0; i < recipe->count; i++)
    words_add(&arguments, recipe->items[i]);
  if (target.driver_mode)
    words_add(&arguments, "--driver-mode=g++");
  for (char **argument = original + 1; *argument; argument++)
    words_add(&arguments, *argument);
  execve(target.path, (char **)arguments.items, environ);
  run_unchanged(); // E2BIG: a full command line has no room for a recipe
}
