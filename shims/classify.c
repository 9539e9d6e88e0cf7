// What a command is: its kind, its one source, level and output, and the options that enter a key.
// Conservative throughout: what is not understood gets a reason, and runs as it came.
#include "launcher.h"

#include <string.h>

typedef struct {
  Command *command;
  const char *forced; // language by -x, or NULL
  bool cxx_driver, query, phase, compile;
  size_t inputs, sources;
  const char *input;
  InputType type;
  bool preprocessed;
} Parse;

static void refuse(Parse *parse, Reason reason) {
  if (parse->command->reason == REASON_NONE)
    parse->command->reason = reason;
}

static void add_input(Parse *parse, const char *path) {
  Naming naming = name_input(path, parse->forced, parse->cxx_driver);
  parse->inputs++;
  parse->sources += naming.type != INPUT_OBJECT;
  parse->input = path;
  parse->type = naming.type;
  parse->preprocessed = naming.preprocessed;
}

// Of several -O the last one decides, as in clang; so an odd level is no reason before the end.
static void set_level(Parse *parse, const char *value) {
  static const char *const digits[] = {NULL, "O1", "O2", "O3"};
  const char *level = NULL;
  if (value[0] == 0)
    level = "O1";
  else if (value[0] >= '1' && value[0] <= '9' && value[1] == 0)
    level = digits[value[0] > '3' ? 3 : value[0] - '0'];
  else if (strcmp(value, "s") == 0)
    level = "Os";
  parse->command->level = level ? level : concatenate("O", value, "");
}

static bool is_tuned_level(const char *level) {
  return level && strlen(level) == 2 && strchr("123s", level[1]);
}

static void add_token(Parse *parse, const Option *option, bool separate, const char *value) {
  bool preprocessor =
      option->meaning == CLASS_PREPROCESSOR || option->meaning == CLASS_PREPROCESSOR_PATH;
  bool path = option->meaning == CLASS_KEY_PATH || option->meaning == CLASS_PREPROCESSOR_PATH;
  // "-I dir" and "-Idir" are the same token; "-target x" keeps its space.
  const char *separator = separate && option->shape == SHAPE_SEPARATE ? " " : "";
  parse->command->tokens[parse->command->token_count++] =
      (Token){option->text, separator, value, preprocessor, path};
}

static void apply(Parse *parse, const Option *option, bool separate, const char *value) {
  switch (option->meaning) {
  case CLASS_IGNORE:
    break;
  case CLASS_KEY:
  case CLASS_KEY_PATH:
  case CLASS_PREPROCESSOR:
  case CLASS_PREPROCESSOR_PATH:
    add_token(parse, option, separate, value);
    break;
  case CLASS_QUERY:
    parse->query = true;
    refuse(parse, option->reason);
    break;
  case CLASS_PHASE:
    parse->phase = true;
    refuse(parse, option->reason);
    break;
  case CLASS_REFUSE:
    refuse(parse, option->reason);
    break;
  case CLASS_COMPILE:
    parse->compile = true;
    break;
  case CLASS_OUTPUT:
    parse->command->output = value;
    break;
  case CLASS_LANGUAGE:
    parse->forced = strcmp(value, "none") == 0 ? NULL : value;
    break;
  case CLASS_LEVEL:
    set_level(parse, value);
    break;
  }
}

static size_t parse_option(Parse *parse, const Words *arguments, size_t at) {
  const char *argument = arguments->items[at];
  const Option *option = option_find(argument);
  if (!option) {
    refuse(parse, REASON_UNKNOWN_OPTION);
    return at + 1;
  }
  const char *value = argument + option->length;
  size_t further = option_words(option, argument);
  if (starts_with(argument, "-Wp,") && strchr(value, ',')) // several options in one
    refuse(parse, REASON_UNKNOWN_OPTION);
  if (further >= arguments->count - at)
    refuse(parse, REASON_UNKNOWN_OPTION); // a value is missing
  else
    apply(parse, option, further != 0, further ? arguments->items[at + 1] : value);
  return at + 1 + further;
}

static const char *default_output(const char *source) {
  const char *name = base_name(source);
  const char *dot = strrchr(name, '.');
  char *output = allocate(strlen(name) + 3);
  size_t stem = dot ? (size_t)(dot - name) : strlen(name);
  memcpy(output, name, stem);
  memcpy(output + stem, ".o", 3);
  return output;
}

static void finish_compile(Parse *parse) {
  Command *command = parse->command;
  bool c_family = parse->type == INPUT_C || parse->type == INPUT_CXX;
  if (parse->inputs != 1) {
    refuse(parse, parse->inputs ? REASON_SEVERAL_INPUTS : REASON_NO_INPUT);
    return;
  }
  if (strcmp(parse->input, "-") == 0 || strcmp(parse->input, "/dev/null") == 0) {
    refuse(parse, REASON_SPECIAL_FILE);
    return;
  }
  if (!c_family) {
    refuse(parse, parse->type == INPUT_HEADER ? REASON_HEADER : REASON_LANGUAGE);
    return;
  }
  command->kind = KIND_COMPILE;
  command->source = parse->input;
  command->language = parse->type == INPUT_CXX ? "c++" : "c";
  command->preprocessed = parse->preprocessed;
  if (!command->output)
    command->output = default_output(parse->input);
  if (strcmp(command->output, "-") == 0 || starts_with(command->output, "/dev/"))
    refuse(parse, REASON_SPECIAL_FILE);
  if (!is_tuned_level(command->level))
    refuse(parse, REASON_LEVEL);
}

static void finish_link(Parse *parse) {
  Command *command = parse->command;
  if (parse->inputs == 0) {
    refuse(parse, REASON_NO_INPUT);
    return;
  }
  command->kind = KIND_LINK;
  command->reason = parse->sources ? REASON_COMPILE_AND_LINK : REASON_LINK;
  if (!command->output)
    command->output = "a.out";
}

Command classify(const Words *arguments, bool cxx_driver) {
  Command command = {.tokens = allocate((arguments->count + 1) * sizeof(Token))};
  Parse parse = {.command = &command, .cxx_driver = cxx_driver};
  bool options_end = false;
  for (size_t at = 0; at < arguments->count;) {
    const char *argument = arguments->items[at];
    if (options_end || argument[0] != '-' || argument[1] == 0) {
      add_input(&parse, argument);
      at++;
    } else if (strcmp(argument, "--") == 0) {
      options_end = true;
      at++;
    } else {
      at = parse_option(&parse, arguments, at);
    }
  }
  if (parse.query || parse.phase || command.reason == REASON_DRIVER_MODE)
    return command; // no object or program is made, or what the words mean is not known here
  if (parse.compile)
    finish_compile(&parse);
  else
    finish_link(&parse);
  return command;
}
