// A toolchains file of arbitrary bytes, and a command line with response files of arbitrary bytes,
// which is classified and given its keys.
#include "fuzz.h"

#include <unistd.h>

static const char compiler[] = "/proc/self/exe";
static const char id[] = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";

// ---- the toolchains file
static void expand(Input input, const struct stat *status, Bytes *text) {
  while (input.size) {
    unsigned byte = take_byte(&input);
    switch (byte) {
    case 1: // a line that is ours up to its stamp
      bytes_text(text, "\nclang\t/usr/bin/clang\t");
      bytes_number(text, modified_at(status));
      bytes_text(text, "\t");
      bytes_number(text, (long long)status->st_size);
      bytes_text(text, "\t");
      bytes_number(text, (long long)status->st_ino);
      break;
    case 2:
      bytes_text(text, concatenate("\t", id, ""));
      break;
    case 3:
      bytes_text(text, "\t22\tok\t/plugin.so");
      break;
    case 4:
      bytes_text(text, concatenate("\nfolder\t", id, "\t/proc/self/fdinfo\t"));
      break;
    case 5:
      bytes_text(text, concatenate("\nconfig\t", id, "\t/proc/self/exe\t"));
      break;
    case 6:
      bytes_text(text, "\t");
      break;
    case 7:
      bytes_text(text, "\tok\t/plugin.so");
      break;
    default:
      bytes_add(text, &(char){(char)byte}, 1);
    }
  }
}

static void check_toolchain(Input input, bool header) {
  struct stat status;
  Bytes text = {0};
  if (stat(compiler, &status) != 0)
    abort();
  bytes_text(&text, header ? "autopass-toolchains 2" : "");
  expand(input, &status, &text);
  bytes_string(&text);
  Toolchain found = find_toolchain(text.data, compiler);
  if (found.status == TOOLCHAIN_UNKNOWN) {
    CHECK(!found.id && !found.portable && !found.plugin && !found.major, &text);
    return;
  }
  CHECK(starts_with(text.data, "autopass-toolchains 2\n"), &text);
  CHECK(is_digest(found.id) && strlen(found.id) == DIGEST_HEX, &text);
  CHECK(is_digest(found.portable) && strlen(found.portable) == DIGEST_HEX, &text);
  CHECK(found.major > 0, &text);
  CHECK(!found.plugin || (found.plugin[0] == '/' && !strpbrk(found.plugin, "\t\n")), &text);
  CHECK(strstr(text.data, concatenate("\t", found.id, "\t")), &text);
}

// ---- the command line
static void check_command(const Command *command, const Words *arguments, const Bytes *text) {
  CHECK(command->token_count <= arguments->count, text);
  if (command->kind != KIND_COMPILE) {
    CHECK(command->reason != REASON_NONE, text); // no recipe for anything but a compile
    return;
  }
  CHECK(command->source && command->output && command->language, text);
  if (command->reason != REASON_NONE)
    return;
  CHECK(strlen(command->level) == 2 && command->level[0] == 'O', text);
  CHECK(strchr("123s", command->level[1]), text);
  CHECK(strcmp(command->language, "c") == 0 || strcmp(command->language, "c++") == 0, text);
  static const char *const never[] = {"-mllvm=",   "-Xclang=",    "-flto",
                                      "-fplugin=", "-fsanitize=", NULL};
  bool compiles = false, values = false; // words may be values of the option before them
  for (size_t i = 0; i < arguments->count && strcmp(arguments->items[i], "--") != 0; i++) {
    const char *word = arguments->items[i];
    compiles |= strcmp(word, "-c") == 0;
    const Option *option = word[0] == '-' && word[1] ? option_find(word) : NULL;
    values |= option && option_words(option, word) > 0;
    for (const char *const *each = never; !values && *each; each++)
      CHECK(!starts_with(word, *each), text);
    CHECK(values || (strcmp(word, "-mllvm") && strcmp(word, "-Xclang")), text);
  }
  CHECK(compiles, text);
}

static bool same(const Digest *one, const Digest *other) { return !strcmp(one->hex, other->hex); }

static void check_keys(const Command *command, const Bytes *text) {
  const Project project = {.root = "/q", .relative = command->source};
  const Toolchain toolchain = {.id = id, .portable = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"};
  Keys keys[3] = {{.has_source = true}, {.has_source = true}, {.has_source = true}};
  for (int i = 0; i < 3; i++)
    compute_keys(command, &project, "/q/build", &toolchain, i > 0, &keys[i]);
  CHECK(keys[1].has_portable && !keys[0].has_portable, text);
  CHECK(same(&keys[0].exact, &keys[1].exact) && same(&keys[0].inherited, &keys[1].inherited), text);
  CHECK(same(&keys[1].portable_exact, &keys[2].portable_exact), text);
  CHECK(!same(&keys[1].exact, &keys[1].portable_exact), text);
  CHECK(!same(&keys[1].inherited, &keys[1].portable_inherited), text);
}

// The words of a command line, each up to a newline; a byte below 0x09 stands for a common one.
static Words words_of(Input input, Bytes *text) {
  static const char *const common[] = {"",      "-O2\n", "-c\n", "a.c\n", "-o\n",
                                       "a.o\n", "@a\n",  "@b\n", "-x\n"};
  while (input.size) {
    unsigned byte = take_byte(&input);
    if (byte < sizeof common / sizeof *common)
      bytes_text(text, common[byte]);
    else
      bytes_add(text, &(char){(char)byte}, 1);
  }
  Words words = {0};
  for (char *word = (char *)bytes_string(text), *end; (end = strchr(word, '\n')); word = end + 1) {
    *end = 0;
    words_add(&words, word);
  }
  return words;
}

static Bytes bytes_of(Input part) {
  Bytes bytes = {0};
  bytes_add(&bytes, part.data, part.size);
  bytes_string(&bytes);
  return bytes;
}

static void run(Input input) {
  unsigned flags = take_byte(&input);
  check_toolchain(take_part(&input), flags & 1);
  Bytes text = {0}, first = bytes_of(take_part(&input)), second = bytes_of(take_part(&input));
  Bytes toml = bytes_of(take_part(&input));
  Words given = words_of(input, &text), expanded = {0};
  file_put("a", &first);
  file_put("b", &second);
  file_put("/q/autopass.toml", &toml);
  words_add(&given, "");
  given.items[--given.count] = NULL; // an argv, even where there are none
  bool understood = expand_arguments((char *const *)given.items, &expanded);
  if (!understood)
    CHECK(expanded.count == given.count, &first);
  for (size_t i = 0; i < expanded.count; i++)
    CHECK(understood ? expanded.items[i][0] != '@' : expanded.items[i] == given.items[i], &first);
  if (!understood)
    return;
  Command command = classify(&expanded, flags & 2);
  check_command(&command, &expanded, &first);
  is_probe(&command, "/q/build");
  if (command.kind == KIND_COMPILE && command.reason == REASON_NONE)
    check_keys(&command, &first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (setjmp(unchanged) == 0)
    run((Input){data, size});
  files_reset();
  arena_reset();
  return 0;
}
