#include "launcher.h"

#include <string.h>

static const Option options[] = {
#define OPTION(text, shape, meaning, reason)                                                       \
  {text, sizeof text - 1, SHAPE_##shape, CLASS_##meaning, REASON_##reason},
#include "options.def"
#undef OPTION
};

static bool matches(const Option *option, const char *argument) {
  if (option->text[1] != argument[1] || strncmp(argument, option->text, option->length) != 0)
    return false;
  bool whole = argument[option->length] == 0;
  return whole || option->shape == SHAPE_JOINED || option->shape == SHAPE_EITHER ||
         option->shape == SHAPE_BOTH;
}

// Returns the longest option that `argument` is or begins with, or NULL. `argument` begins with
// '-'.
const Option *option_find(const char *argument) {
  const Option *best = NULL;
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    // Among equals the later line wins: a SEPARATE spelling stands after its JOINED one.
    if (matches(&options[i], argument) && (!best || options[i].length >= best->length))
      best = &options[i];
  }
  return best;
}

// How many of the arguments behind `argument` belong to it.
size_t option_words(const Option *option, const char *argument) {
  switch (option->shape) {
  case SHAPE_FLAG:
  case SHAPE_JOINED:
    return 0;
  case SHAPE_SEPARATE:
  case SHAPE_BOTH:
    return 1;
  case SHAPE_EITHER:
    return argument[option->length] == 0;
  case SHAPE_TWO:
    return 2;
  case SHAPE_THREE:
    return 3;
  }
  return 0;
}
