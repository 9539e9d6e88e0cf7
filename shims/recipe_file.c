// A recipe file is code, whoever wrote it: it must match its name (a digest of its bytes), fit this
// compiler and level, and set only knobs of the allow-list within their ranges. The plugin checks
// the pipeline by its own copy of the allow-list, and runs the default pipeline when that refuses.
#include "knobs.h"
#include "launcher.h"

#include <stdlib.h>
#include <string.h>

enum { RECIPE_LIMIT = 32768, PIPELINE_LIMIT = 16384 };

// The next line of `*text` without its newline, cut off in place; NULL at the end.
static char *next_line(char **text) {
  char *line = *text, *newline = strchr(line, '\n');
  if (!newline)
    return NULL;
  *newline = 0;
  *text = newline + 1;
  return line;
}

static char *value_after(char *line, const char *word) {
  size_t length = strlen(word);
  return line && strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static bool in_range(const Knob *knob, const char *value) {
  const char *digits = value[0] == '-' ? value + 1 : value;
  size_t length = strspn(digits, "0123456789");
  bool canonical = length >= 1 && length <= 10 && !digits[length] &&
                   (digits[0] != '0' || (length == 1 && digits == value));
  long long number = canonical ? strtoll(value, NULL, 10) : 0;
  return canonical && number >= knob->least && number <= knob->most;
}

static bool is_allowed(const Knob *knob, const char *value) {
  switch (knob->type) {
  case KNOB_INT:
    return in_range(knob, value);
  case KNOB_BOOL:
    return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
  case KNOB_ENUM:
    for (const char *const *word = knob->values; *word; word++) {
      if (strcmp(value, *word) == 0)
        return true;
    }
  }
  return false;
}

static int compare_name(const void *name, const void *knob) {
  return strcmp(name, ((const Knob *)knob)->name);
}

static const Knob *find_knob(int major, const char *name) {
  for (const KnobTable *table = knob_tables; table->major; table++) {
    if (table->major == major)
      return bsearch(name, table->knobs, table->count, sizeof(Knob), compare_name);
  }
  return NULL;
}

// `text` is "NAME VALUE"; knobs are sorted by name and unique, so `*previous` is less.
static Reason add_knob(int major, char *text, const char **previous, Words *arguments) {
  char *space = strchr(text, ' ');
  if (!space)
    return REASON_RECIPE_INVALID;
  *space = 0;
  if (*previous && strcmp(*previous, text) >= 0)
    return REASON_RECIPE_INVALID;
  *previous = text;
  const Knob *knob = find_knob(major, text);
  if (!knob || !is_allowed(knob, space + 1))
    return REASON_KNOB_REFUSED;
  Bytes argument = {0};
  bytes_text(&argument, "-");
  bytes_text(&argument, text);
  bytes_text(&argument, "=");
  bytes_text(&argument, space + 1);
  if (major < 19) // clang 16 does not know the joined form
    words_add(arguments, "-mllvm");
  words_add(arguments, major < 19 ? bytes_string(&argument)
                                  : concatenate("-mllvm=", bytes_string(&argument), ""));
  return REASON_NONE;
}

static bool is_pipeline_text(const char *text) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_,;<>()=";
  size_t length = strspn(text, allowed);
  return length && length <= PIPELINE_LIMIT && !text[length];
}

// clang fails when it cannot load a plugin. A whole one has an mtime (in whole seconds) that is
// made of its name and size (autopass_cc/toolchain/plugin.py): whatever wrote to the file, cut it
// off or put another in its place left another.
static bool is_sealed(const char *path, const struct stat *status) {
  enum { SEALS_BEGIN = 1000000000, DIGITS = 7 };
  Hasher hasher;
  Bytes size = {0};
  bytes_number(&size, status->st_size);
  digest_begin(&hasher);
  digest_add(&hasher, base_name(path), strlen(base_name(path)) + 1);
  digest_text(&hasher, bytes_string(&size));
  Digest digest = digest_end(&hasher);
  long long seal = 0;
  for (const char *digit = digest.hex; digit < digest.hex + DIGITS; digit++)
    seal = seal * 16 + (*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
  return status->st_mtim.tv_sec == SEALS_BEGIN + seal;
}

static Reason add_plugin(const Toolchain *toolchain, const char *path, Words *arguments) {
  struct stat status;
  if (toolchain->status != TOOLCHAIN_OK)
    return REASON_PIPELINE_REFUSED;
  if (!toolchain->plugin || stat(toolchain->plugin, &status) != 0 ||
      !trusted_status(&status, trust_private) || !is_sealed(toolchain->plugin, &status))
    return REASON_PLUGIN_MISSING;
  if (toolchain->major < 22) // there -mllvm is parsed before pass plugins are loaded
    words_add(arguments, concatenate("-fplugin=", toolchain->plugin, ""));
  words_add(arguments, concatenate("-fpass-plugin=", toolchain->plugin, ""));
  if (toolchain->major < 19)
    words_add(arguments, "-mllvm");
  words_add(arguments,
            concatenate(toolchain->major < 19 ? "" : "-mllvm=", "-autopass-recipe=", path));
  return REASON_NONE;
}

static Reason parse(const char *path, char *text, const Toolchain *toolchain, const char *level,
                    Words *arguments) {
  const char *first = next_line(&text);
  const char *llvm = value_after(next_line(&text), "llvm");
  const char *made_for = value_after(next_line(&text), "level");
  if (!first || strcmp(first, "autopass-recipe 1") != 0 || !llvm || !made_for)
    return REASON_RECIPE_INVALID;
  char *end;
  if (strtol(llvm, &end, 10) != toolchain->major || *end || strcmp(made_for, level) != 0)
    return REASON_RECIPE_MISFIT;
  Words knobs = {0};
  const char *previous = NULL, *pipeline = NULL;
  for (char *line; (line = next_line(&text));) {
    char *knob = value_after(line, "knob");
    if (pipeline) // which is the last line
      return REASON_RECIPE_INVALID;
    if (!knob) {
      pipeline = value_after(line, "pipeline");
      if (!pipeline || !is_pipeline_text(pipeline))
        return REASON_RECIPE_INVALID;
      continue;
    }
    Reason reason = add_knob(toolchain->major, knob, &previous, &knobs);
    if (reason != REASON_NONE)
      return reason;
  }
  if (*text || (!pipeline && !knobs.count))
    return REASON_RECIPE_INVALID;
  Reason reason = pipeline ? add_plugin(toolchain, path, arguments) : REASON_NONE;
  for (size_t i = 0; i < knobs.count; i++)
    words_add(arguments, knobs.items[i]);
  return reason;
}

// Adds to `arguments` what `recipe` says to clang; anything but REASON_NONE means: do not apply it.
Reason recipe_arguments(const Publication *where, const Digest *recipe, const Toolchain *toolchain,
                        const char *level, Words *arguments) {
  Bytes content;
  const char *path = concatenate(where->recipes, "/", concatenate(recipe->hex, ".recipe", ""));
  if (!read_trusted(path, where->trusted, RECIPE_LIMIT, &content))
    return REASON_RECIPE_MISSING;
  Hasher hasher;
  digest_begin(&hasher);
  digest_add(&hasher, content.data, content.length);
  if (strcmp(digest_end(&hasher).hex, recipe->hex) != 0)
    return REASON_RECIPE_DAMAGED;
  if (memchr(content.data, 0, content.length))
    return REASON_RECIPE_INVALID;
  return parse(path, content.data, toolchain, level, arguments);
}
