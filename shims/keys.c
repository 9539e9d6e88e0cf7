// The names under which a compile finds its recipe. Computed here and nowhere else: the tuner reads
// them from the journal. Every part ends with a NUL byte, so no two different lists give the same
// bytes.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_part(Hasher *hasher, const char *text) {
  digest_add(hasher, text, strlen(text) + 1);
}

// Digests from where `descriptor` stands to its end.
bool digest_file(int descriptor, Digest *digest) {
  static char buffer[1 << 16];
  Hasher hasher;
  digest_begin(&hasher);
  ssize_t got;
  while ((got = read(descriptor, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno != EINTR)
      return false;
    if (got > 0)
      digest_add(&hasher, buffer, (size_t)got);
  }
  *digest = digest_end(&hasher);
  return true;
}

// A path inside the project is written relative to its root, so that another checkout has the same
// key.
static const char *portable_path(const char *path, const Project *project, const char *directory) {
  const char *inside =
      project->root && *path ? path_inside(project->root, absolute_path(directory, path)) : NULL;
  return inside ? concatenate("{root}/", inside, "") : path;
}

static void add_variant(Hasher *hasher, const Command *command, const Project *project,
                        const char *directory, bool preprocessor) {
  add_part(hasher, command->language);
  add_part(hasher, command->preprocessed ? "preprocessed" : "source");
  add_part(hasher, command->level);
  for (size_t i = 0; i < command->token_count; i++) {
    const Token *token = &command->tokens[i];
    if (token->preprocessor && !preprocessor)
      continue;
    digest_text(hasher, token->option);
    digest_text(hasher, token->separator);
    add_part(hasher, token->path ? portable_path(token->value, project, directory) : token->value);
  }
  static const char *const searched[] = {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"};
  for (size_t i = 0; preprocessor && i < sizeof searched / sizeof *searched; i++) {
    const char *value = getenv(searched[i]);
    if (value && *value) {
      digest_text(hasher, searched[i]);
      digest_text(hasher, "=");
      add_part(hasher, value);
    }
  }
}

// The toolchain comes last, so that a key for this CPU and one for all share the rest.
static Digest finish(const Hasher *hasher, const char *toolchain) {
  Hasher copy = *hasher;
  add_part(&copy, toolchain);
  return digest_end(&copy);
}

// `keys->source` is already known. `portable`: also the keys of a project's lock, which leave the
// CPU out.
void compute_keys(const Command *command, const Project *project, const char *directory,
                  const Toolchain *toolchain, bool portable, Keys *keys) {
  Hasher hasher;
  digest_begin(&hasher);
  add_part(&hasher, "x");
  add_part(&hasher, keys->source.hex);
  add_variant(&hasher, command, project, directory, true);
  keys->exact = finish(&hasher, toolchain->id);
  keys->has_exact = true;
  keys->has_portable = portable;
  if (portable)
    keys->portable_exact = finish(&hasher, toolchain->portable);
  if (!project->relative)
    return;
  digest_begin(&hasher);
  add_part(&hasher, "i");
  add_part(&hasher, project_id(project).hex);
  add_part(&hasher, project->relative);
  add_variant(&hasher, command, project, directory, false);
  keys->inherited = finish(&hasher, toolchain->id);
  keys->has_inherited = true;
  if (portable)
    keys->portable_inherited = finish(&hasher, toolchain->portable);
}
