// autopass-cc and autopass-c++: a compile becomes clang, with a recipe if one was proven for it, in
// one exec. No Python, no database, no lock, no child process; on any doubt the original command
// line.
#include "launcher.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOOLCHAINS_LIMIT = 1 << 18 };

typedef struct {
  const char *directory, *data, *toolchains;
  Compiler compiler;
  Words arguments;
  Command command;
  Project project;
  Keys keys;
  Digest recipe;
  Words recipe_arguments;
  bool recording;
} Launch;

// Looks the compile up, and reads the recipe that was found; a refused recipe leaves no arguments
// behind.
static Reason find_recipe(Launch *launch, const Toolchain *toolchain, const Publication *list,
                          size_t count) {
  const Publication *where;
  Words arguments = {0};
  Reason found = look_up(list, count, &launch->keys, toolchain->id, &where, &launch->recipe);
  if (reason_decision(found) != DECISION_HIT)
    return found;
  Reason refused =
      recipe_arguments(where, &launch->recipe, toolchain, launch->command.level, &arguments);
  if (refused != REASON_NONE)
    return refused;
  launch->recipe_arguments = arguments;
  return found;
}

// What becomes of a compile whose source is open; fills in keys and recipe on the way.
static Reason decide_source(Launch *launch, int source) {
  if (launch->command.reason != REASON_NONE)
    return launch->command.reason;
  if (environment_overrides_clang())
    return REASON_ENVIRONMENT;
  if (launch->compiler.nested)
    return REASON_RECURSION;
  if (launch->compiler.renamed)
    return REASON_DRIVER_MODE; // the target comes from the name
  if (launch->compiler.remote || (launch->compiler.prefix.count && hands_compiles_on()))
    return REASON_REMOTE;
  Toolchain toolchain = find_toolchain(launch->toolchains, launch->compiler.path);
  if (toolchain.status == TOOLCHAIN_UNKNOWN)
    return REASON_UNKNOWN_TOOLCHAIN;
  if (toolchain.status == TOOLCHAIN_REFUSED)
    return REASON_REFUSED_TOOLCHAIN;
  if (launch->compiler.prefix.count && toolchain.major < 19)
    return REASON_CACHE; // takes -mllvm X in two words only, and caches misread the second
  Publication list[2];
  size_t count = list_publications(&launch->project, launch->data, launch->directory, list);
  bool locked = launch->recording, published = launch->recording;
  for (size_t i = 0; i < count && !published; i++) {
    published = index_exists(&list[i]);
    locked |= published && !list[i].place;
  }
  if (!published)
    return REASON_NO_RECIPE; // nobody would read the keys
  if (!digest_file(source, &launch->keys.source))
    return REASON_NO_SOURCE;
  launch->keys.has_source = true;
  compute_keys(&launch->command, &launch->project, launch->directory, &toolchain, locked,
               &launch->keys);
  return find_recipe(launch, &toolchain, list, count);
}

static Reason decide(Launch *launch) {
  const Command *command = &launch->command;
  struct stat status;
  if (command->kind == KIND_OTHER)
    return command->reason;
  if (is_probe(command, launch->directory))
    return REASON_PROBE;
  if (command->kind == KIND_LINK) {
    launch->project = find_project(launch->directory, NULL, NULL);
    return command->reason;
  }
  int source = open_ordinary(command->source, &status);
  launch->project = find_project(launch->directory, command->source, source < 0 ? NULL : &status);
  Reason reason = source < 0 ? REASON_NO_SOURCE : decide_source(launch, source);
  if (source >= 0)
    close(source);
  return reason;
}

static void report(const Launch *launch, Reason reason) {
  Event event = {
      .data = launch->data,
      .directory = launch->directory,
      .compiler = &launch->compiler,
      .arguments = &launch->arguments,
      .command = &launch->command,
      .project = &launch->project,
      .keys = &launch->keys,
      .recipe = launch->recipe_arguments.count ? &launch->recipe : NULL,
      .reason = reason,
  };
  if (launch->recording)
    journal_record(&event);
  log_line(&event);
}

static const char *read_toolchains(const char *data) {
  Bytes content;
  return data && read_trusted(concatenate(data, "/toolchains", ""), trust_private, TOOLCHAINS_LIMIT,
                              &content)
             ? content.data
             : NULL;
}

static bool is_switched_off(void) {
  const char *value = getenv("AUTOPASS");
  return value && strcmp(value, "off") == 0;
}

// The other programs that this one is: autopass-epoch and autopass-llvm-ar, …
static bool is_tool_name(const char *name) {
  return starts_with(name, "autopass-") && !starts_with(name, "autopass-c");
}

int main(int argc, char **argv) {
  static char directory[4096];
  if (argc < 1)
    return 127;
  const char *name = base_name(argv[0]);
  Launch launch = {.directory = getcwd(directory, sizeof directory)};
  launch_prepare(argv, &launch.compiler); // from here on every way out is one of its two
  launch.data = data_directory(launch.directory);
  launch.toolchains = read_toolchains(launch.data);
  if (is_tool_name(name) && strcmp(name, "autopass-epoch") != 0) {
    find_compiler((char *[]){(char *)"autopass-cc", NULL}, launch.toolchains, &launch.compiler);
    run_tool(argv, name + strlen("autopass-"), &launch.compiler, launch.toolchains);
  }
  argv += find_compiler(argv, launch.toolchains, &launch.compiler);
  if (is_tool_name(name))
    return print_epoch(launch.directory, launch.data, &launch.compiler, launch.toolchains);
  launch_prepare(argv, &launch.compiler);
  if (!launch.compiler.path || is_switched_off())
    run_unchanged();

  Reason reason = REASON_RESPONSE_FILE;
  bool understood = expand_arguments(argv + 1, &launch.arguments);
  if (understood && launch.directory) {
    launch.command = classify(&launch.arguments, launch.compiler.cxx);
    launch.recording = journal_is_on(launch.data);
    reason = decide(&launch);
  } else if (understood) {
    reason = REASON_NO_DIRECTORY;
  }
  report(&launch, reason);
  if (launch.recipe_arguments.count)
    run_with(&launch.recipe_arguments);
  run_unchanged();
}
