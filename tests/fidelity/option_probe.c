// Tells what the launcher's option table says of each argument on standard input, a line each: the text that matched, how
// many further words belong to the argument, class and reason, separated by tabs; "-" where the option is unknown.
#include "launcher.h"

#include <stdio.h>
#include <string.h>

static const char *const classes[] = {
    [CLASS_IGNORE] = "IGNORE",     [CLASS_KEY] = "KEY",
    [CLASS_KEY_PATH] = "KEY",      [CLASS_PREPROCESSOR] = "PREPROCESSOR",
    [CLASS_REFUSE] = "REFUSE",     [CLASS_PREPROCESSOR_PATH] = "PREPROCESSOR",
    [CLASS_PHASE] = "PHASE",       [CLASS_QUERY] = "QUERY",
    [CLASS_COMPILE] = "COMPILE",   [CLASS_OUTPUT] = "OUTPUT",
    [CLASS_LANGUAGE] = "LANGUAGE", [CLASS_LEVEL] = "LEVEL",
};

int main(void) {
  static char line[1 << 16];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    const Option *option = option_find(line);
    if (option)
      printf("%s\t%zu\t%s\t%s\n", option->text, option_words(option, line), classes[option->meaning],
             reason_word(option->reason));
    else
      puts("-\t0\tREFUSE\tunknown-option");
  }
  return 0;
}
