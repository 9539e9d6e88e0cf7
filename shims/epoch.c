// autopass-epoch COMPILER: one word that changes when compiles may come out otherwise than before.
// For caches that stand in front of autopass-cc and see neither the compiler behind it nor the
// recipes.
#include "launcher.h"

#include <string.h>
#include <unistd.h>

enum { INDEX_LIMIT = 1 << 20 };

static void add_number(Hasher *hasher, uint64_t number) {
  digest_add(hasher, &number, sizeof number);
}

static void add_stamp(Hasher *hasher, const struct stat *status) {
  add_number(hasher, (uint64_t)status->st_mtim.tv_sec);
  add_number(hasher, (uint64_t)status->st_mtim.tv_nsec);
  add_number(hasher, (uint64_t)status->st_size);
  add_number(hasher, (uint64_t)status->st_ino);
}

// By content, so that publishing the same again changes nothing; a very large index by its stamp.
// A base is covered by its name, which the index holds.
static void add_index(Hasher *hasher, const Publication *publication) {
  struct stat status;
  Digest digest;
  int descriptor = open_publication(publication, &status);
  if (descriptor < 0) {
    add_number(hasher, 0);
    return;
  }
  if (status.st_size > INDEX_LIMIT)
    add_stamp(hasher, &status);
  else if (digest_file(descriptor, &digest))
    digest_text(hasher, digest.hex);
  close(descriptor);
}

int print_epoch(const char *directory, const char *data, const Compiler *compiler,
                const char *toolchains) {
  struct stat status;
  Hasher hasher;
  digest_begin(&hasher);
  if (compiler->path && stat(compiler->path, &status) == 0)
    add_stamp(&hasher, &status);
  if (directory && compiler->path) {
    Toolchain toolchain = find_toolchain(toolchains, compiler->path);
    Project project = find_project(directory, NULL, NULL);
    Publication list[2];
    size_t count = list_publications(&project, data, directory, list);
    digest_text(&hasher, toolchain.id ? toolchain.id : "unknown");
    add_number(&hasher, toolchain.status);
    if (is_frozen()) // more lines of the lock apply
      digest_text(&hasher, "frozen");
    for (size_t i = 0; i < count; i++)
      add_index(&hasher, &list[i]);
  }
  const char *line = concatenate(digest_end(&hasher).hex, "\n", "");
  return write(STDOUT_FILENO, line, strlen(line)) == (ssize_t)strlen(line) ? 0 : 1;
}
