// Which publications a compile is looked up in, and what each answers. A publication is an `index`,
// which is small and changes often, and perhaps a `base.<32 hex>` beside it, which is large, never
// changes and is named by the index's first line (kind `b`). A recipe of 32 zeros says that its key
// has none, and hides the base's.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// With AUTOPASS_FROZEN all who have a project's lock and the same clang make the same objects: no
// other publication is asked, and a lock's lines apply on every CPU.
bool is_frozen(void) {
  const char *value = getenv("AUTOPASS_FROZEN");
  return value && *value && strcmp(value, "0") != 0;
}

// The publications to ask, in order: with AUTOPASS_FROZEN the project's lock alone; else
// AUTOPASS_PUBLICATION alone; else the lock, then the user's own.
size_t list_publications(const Project *project, const char *data, const char *directory,
                         Publication list[2]) {
  size_t count = 0;
  const char *chosen = getenv("AUTOPASS_PUBLICATION");
  bool frozen = is_frozen(), named = !frozen && chosen && *chosen;
  const char *place = NULL;
  if (named)
    place = absolute_path(directory, chosen);
  else if (data && !frozen)
    place = concatenate(data, "/publication", "");
  if (project->root && !named) {
    const char *lock = concatenate(project->root, "/autopass.lock", "");
    list[count++] = (Publication){lock, concatenate(lock, ".d", ""), project->trusted, NULL, false};
  }
  if (place)
    list[count++] = (Publication){concatenate(place, "/index", ""),
                                  concatenate(place, "/recipes", ""), trust_private, place, !named};
  return count;
}

// What cannot be told, opening it will tell.
bool index_exists(const Publication *publication) {
  return access(publication->index, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

// Opens the index that this compile is to see; -1 with errno set.
int open_publication(const Publication *publication, struct stat *status) {
  int descriptor = open_trusted(publication->index, publication->trusted, status);
  if (descriptor >= 0 && publication->pinned)
    descriptor = pin_generation(descriptor, publication->place, status);
  return descriptor;
}

// What both layers know of a key: the base is asked where the index does not know it.
static Lookup find_in_layers(const Index *layers, size_t count, char kind, const char *key,
                             Digest *recipe) {
  Lookup found = LOOKUP_ABSENT;
  for (size_t i = 0; i < count && found == LOOKUP_ABSENT; i++)
    found = index_find(&layers[i], kind, key, recipe);
  return found;
}

static Reason find_in_publication(const Index *layers, size_t count, const Keys *keys,
                                  Digest *recipe) {
  Reason reason = REASON_EXACT;
  Lookup found = find_in_layers(layers, count, 'x', keys->exact.hex, recipe);
  if ((found == LOOKUP_ABSENT || found == LOOKUP_HIDDEN) && keys->has_inherited) {
    reason = REASON_INHERITED;
    found = find_in_layers(layers, count, 'i', keys->inherited.hex, recipe);
  }
  if (found == LOOKUP_FOUND)
    return reason;
  return found == LOOKUP_DAMAGED ? REASON_INDEX_DAMAGED : REASON_NO_RECIPE;
}

// A base must be there where one is named, be trusted like its index, and name no further one.
static Reason find_with_base(const Publication *publication, const Index *index, const Keys *keys,
                             Digest *recipe) {
  struct stat status;
  Index layers[2] = {*index};
  const char *path = concatenate(publication->place, "/base.", index->base.hex);
  int descriptor = open_trusted(path, publication->trusted, &status);
  if (descriptor < 0)
    return REASON_INDEX_DAMAGED;
  bool sound = index_begin(descriptor, &status, &layers[1]) && !layers[1].base.hex[0];
  Reason reason = sound ? find_in_publication(layers, 2, keys, recipe) : REASON_INDEX_DAMAGED;
  close(descriptor);
  return reason;
}

static Reason look_in(const Publication *publication, const Keys *keys, const char *toolchain,
                      Digest *recipe) {
  struct stat status;
  Index index;
  int descriptor = open_publication(publication, &status);
  if (descriptor < 0)
    return errno == ENOENT || errno == ENOTDIR ? REASON_NO_RECIPE : REASON_INDEX_DAMAGED;
  Reason reason;
  if (!index_begin(descriptor, &status, &index))
    reason = REASON_INDEX_DAMAGED;
  else if (!publication->place)
    reason = lock_find(&index, keys, is_frozen() ? NULL : toolchain, recipe);
  else if (index.base.hex[0])
    reason = find_with_base(publication, &index, keys, recipe);
  else
    reason = find_in_publication(&index, 1, keys, recipe);
  close(descriptor);
  return reason;
}

// The first index that has an answer gives it; a damaged one ends the search with plain clang.
// `toolchain` is the compiler's own id. A lock that has just come is the next compile's.
Reason look_up(const Publication *list, size_t count, const Keys *keys, const char *toolchain,
               const Publication **where, Digest *recipe) {
  Reason reason = REASON_NO_RECIPE;
  for (size_t i = 0; i < count && reason == REASON_NO_RECIPE; i++) {
    if (!list[i].place && !keys->has_portable)
      continue;
    *where = &list[i];
    reason = look_in(&list[i], keys, toolchain, recipe);
  }
  return reason;
}
