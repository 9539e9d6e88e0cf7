// The two ways out of the launcher. Both become the compiler: same process, descriptors, signals
// and umask.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char **original; // the user's arguments, behind one slot for the compiler
static const Compiler *target;

void launch_prepare(char **argv, const Compiler *compiler) {
  original = argv;
  target = compiler;
}

static void say(const char *text) {
  for (size_t length = strlen(text); length;) {
    ssize_t written = write(STDERR_FILENO, text, length);
    if (written < 0 && errno != EINTR)
      return;
    text += written > 0 ? written : 0;
    length -= written > 0 ? (size_t)written : 0;
  }
}

_Noreturn void report_failure(const char *program, const char *wanted) {
  int error = errno;
  say("autopass-cc: cannot run ");
  say(program ? program : wanted);
  say(!program           ? ": not found (install clang, or set AUTOPASS_CLANG)\n"
      : error == ENOENT  ? ": not found\n"
      : error == EACCES  ? ": not permitted\n"
      : error == E2BIG   ? ": the command line and the environment are too long\n"
      : error == ENOEXEC ? ": not a program for this machine\n"
                         : ": the system refused\n");
  exit(program && error != ENOENT ? 126 : 127); // as a shell reports it
}

// A script or a cache may look for a compiler under a name that is ours; it is told that we were
// there.
static char **environment(void) {
  if (target->native && !target->prefix.count)
    return environ;
  Words words = {0};
  for (char **variable = environ; *variable; variable++) {
    if (!starts_with(*variable, level_variable))
      words_add(&words, *variable);
  }
  words_add(&words, concatenate(level_variable, "=1", ""));
  return (char **)words.items;
}

static void run(Words *arguments) {
  execve(target->prefix.count ? target->prefix.items[0] : target->path, (char **)arguments->items,
         environment());
}

static void add_all(Words *arguments, const Words *recipe) {
  for (size_t i = 0; i < target->prefix.count; i++)
    words_add(arguments, target->prefix.items[i]);
  words_add(arguments, target->prefix.count ? target->path : target->shown);
  for (size_t i = 0; recipe && i < recipe->count; i++)
    words_add(arguments, recipe->items[i]);
  if (target->driver_mode)
    words_add(arguments, "--driver-mode=g++");
  for (char **argument = original + 1; *argument; argument++)
    words_add(arguments, *argument);
}

// Runs the compiler with the user's arguments, byte for byte. Every doubt ends here.
_Noreturn void run_unchanged(void) {
  if (!target->path)
    report_failure(NULL, target->wanted);
  if (target->native && !target->prefix.count && !target->driver_mode) {
    original[0] = (char *)target->shown; // allocates nothing: this must work when memory is short
    execve(target->path, original, environ);
  } else {
    static bool trying; // allocating what follows may end here again
    if (!trying) {
      trying = true;
      Words arguments = {0};
      add_all(&arguments, NULL);
      run(&arguments);
    }
  }
  report_failure(target->prefix.count ? target->prefix.items[0] : target->path, NULL);
}

// Runs the compiler with the recipe's arguments put before the user's.
_Noreturn void run_with(const Words *recipe) {
  Words arguments = {0};
  add_all(&arguments, recipe);
  run(&arguments);
  run_unchanged(); // E2BIG: a full command line has no room for a recipe
}
