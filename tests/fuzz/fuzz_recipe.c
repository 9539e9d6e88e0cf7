// Recipe files of arbitrary bytes, under the digest that they have. Whatever arguments come out of
// one must be knobs of the allow-list within their ranges, and the toolchain's own plugin.
#include "fuzz.h"
#include "knobs.h"

#include <fcntl.h>
#include <sys/mman.h>

static char plugin[64];

// A memfd that is as private and as whole as a plugin of autopass is.
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  int descriptor = memfd_create("plugin", 0);
  snprintf(plugin, sizeof plugin, "/proc/self/fd/%d", descriptor);
  Hasher hasher;
  digest_begin(&hasher);
  digest_add(&hasher, base_name(plugin), strlen(base_name(plugin)) + 1);
  digest_text(&hasher, "0");
  char digits[8] = "";
  memcpy(digits, digest_end(&hasher).hex, 7);
  struct timespec sealed = {.tv_sec = 1000000000 + strtol(digits, NULL, 16)};
  return fchmod(descriptor, 0600) || futimens(descriptor, (struct timespec[]){sealed, sealed});
}

UNCOVERED static const KnobTable *table_of(int major) {
  const KnobTable *table = knob_tables;
  while (table->major != major)
    table++;
  return table;
}

// A byte below 0x09 stands for a piece of a line, and every other for itself.
static void expand(Input input, const KnobTable *table, Bytes *text) {
  const Knob *knob = table->knobs;
  while (input.size) {
    unsigned byte = take_byte(&input);
    switch (byte) {
    case 1:
      knob = &table->knobs[(take_byte(&input) << 8 | take_byte(&input)) % table->count];
      bytes_text(text, concatenate("knob ", knob->name, " "));
      break;
    case 2:
      bytes_number(text, knob->least);
      break;
    case 3:
      bytes_number(text, knob->most);
      break;
    case 4:
      bytes_number(text, knob->most + 1);
      break;
    case 5:
      bytes_text(text, knob->type == KNOB_ENUM ? knob->values[0] : "true");
      break;
    case 6:
      bytes_text(text, "\npipeline function(sroa<modify-cfg>)");
      break;
    case 7:
      knob += knob + 1 < table->knobs + table->count;
      bytes_text(text, concatenate("\nknob ", knob->name, " "));
      break;
    default:
      bytes_add(text, &(char){(char)byte}, 1);
    }
  }
}

// ---- what may come out, written anew from the allow-list's definition
UNCOVERED static bool is_value(const Knob *knob, const char *value) {
  Bytes number = {0};
  switch (knob->type) {
  case KNOB_INT:
    bytes_number(&number, strtoll(value, NULL, 10)); // as a number is written, and no other way
    return strcmp(bytes_string(&number), value) == 0 && strtoll(value, NULL, 10) >= knob->least &&
           strtoll(value, NULL, 10) <= knob->most;
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

UNCOVERED static bool is_knob(const KnobTable *table, const char *word) {
  const char *equals = strchr(word, '=');
  for (size_t i = 0; word[0] == '-' && equals && i < table->count; i++) {
    const Knob *knob = &table->knobs[i];
    if (strlen(knob->name) == (size_t)(equals - word - 1) &&
        memcmp(knob->name, word + 1, strlen(knob->name)) == 0)
      return is_value(knob, equals + 1);
  }
  return false;
}

static void check(const Words *arguments, const Toolchain *toolchain, const char *path,
                  const Bytes *text) {
  const KnobTable *table = table_of(toolchain->major);
  CHECK(arguments->count > 0, text);
  for (size_t i = 0; i < arguments->count; i++) {
    const char *word = arguments->items[i];
    if (strcmp(word, concatenate("-fplugin=", toolchain->plugin, "")) == 0 ||
        strcmp(word, concatenate("-fpass-plugin=", toolchain->plugin, "")) == 0) {
      CHECK(toolchain->status == TOOLCHAIN_OK, text);
      continue;
    }
    if (toolchain->major < 19) {
      CHECK(strcmp(word, "-mllvm") == 0 && ++i < arguments->count, text);
      word = arguments->items[i];
    } else {
      CHECK(starts_with(word, "-mllvm="), text);
      word += strlen("-mllvm=");
    }
    CHECK(is_knob(table, word) || strcmp(word, concatenate("-autopass-recipe=", path, "")) == 0,
          text);
  }
}

static void run(Input input) {
  static const int majors[] = {16, 19, 22};
  static const char *const levels[] = {"O1", "O2", "O3", "Os"};
  unsigned flags = take_byte(&input);
  Toolchain toolchain = {.status = flags & 1 ? TOOLCHAIN_OK : TOOLCHAIN_KNOBS,
                         .plugin = plugin,
                         .major = majors[flags / 2 % 3]};
  const char *level = levels[flags / 8 % 4];
  Bytes text = {0};
  if (flags & 128) {
    bytes_text(&text, "autopass-recipe 1\nllvm ");
    bytes_number(&text, toolchain.major);
    bytes_text(&text, concatenate("\nlevel ", level, "\n"));
  }
  expand(input, table_of(toolchain.major), &text);
  bytes_string(&text);
  Hasher hasher;
  digest_begin(&hasher);
  digest_add(&hasher, text.data, text.length);
  Digest recipe = digest_end(&hasher);
  const Publication where = {.index = "/p/index", .recipes = "/p/recipes"};
  const char *path = concatenate("/p/recipes/", recipe.hex, ".recipe");
  file_put(path, &text);
  Words arguments = {0};
  Reason reason = recipe_arguments(&where, &recipe, &toolchain, level, &arguments);
  CHECK(reason != REASON_RECIPE_DAMAGED, &text);
  if (reason == REASON_NONE)
    check(&arguments, &toolchain, path, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (setjmp(unchanged) == 0)
    run((Input){data, size});
  files_reset();
  arena_reset();
  return 0;
}
