// The configuration files of a clang, which add options that no command line shows: whether they
// are those that were there when it was looked at (autopass_cc/toolchain/config_files.py).
#include "launcher.h"

#include <string.h>

enum { KIND, ID, PATH, MTIME, SIZE };

static bool is_number(const char *text, long long number) {
  Bytes shown = {0};
  bytes_number(&shown, number);
  return strcmp(text, bytes_string(&shown)) == 0;
}

typedef struct {
  const char *toolchains, *id, *folder;
  bool known;
} Listing;

// Every .cfg must have a line of its own. Its times are compared where that line is read.
static void look_for_line(const char *name, void *context) {
  Listing *listing = context;
  size_t size = strlen(name);
  if (!listing->known || size < 4 || strcmp(name + size - 4, ".cfg") != 0)
    return;
  Bytes line = {0};
  const char *const parts[] = {"\nconfig\t", listing->id, "\t", listing->folder, "/", name, "\t"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    bytes_text(&line, parts[i]);
  listing->known = strstr(listing->toolchains, bytes_string(&line)) != NULL;
}

static bool holds_known_files_only(const char *toolchains, const char *id, const char *folder) {
  Listing listing = {toolchains, id, folder, true};
  return each_name(folder, look_for_line, &listing) && listing.known;
}

// A folder that is as it was costs one stat(). In one that has changed any name may have come: with
// `--target` clang looks for files of that triple.
static bool holds(char *const *fields, size_t count, const char *toolchains) {
  struct stat status;
  bool exists = stat(fields[PATH], &status) == 0;
  if (strcmp(fields[KIND], "config") == 0)
    return count > SIZE && exists && is_number(fields[MTIME], modified_at(&status)) &&
           is_number(fields[SIZE], (long long)status.st_size);
  bool was_absent = strcmp(fields[MTIME], "-") == 0;
  if (was_absent || !exists)
    return was_absent && !exists;
  return is_number(fields[MTIME], modified_at(&status)) ||
         holds_known_files_only(toolchains, fields[ID], fields[PATH]);
}

bool config_files_unchanged(const char *toolchains, const char *id) {
  for (const char *line = toolchains, *end; (end = strchr(line, '\n')); line = end + 1) {
    if (!starts_with(line, "folder\t") && !starts_with(line, "config\t"))
      continue;
    char *fields[SIZE + 1];
    size_t count = split_line(line, end, fields, SIZE + 1);
    if (count <= MTIME || (strcmp(fields[ID], id) == 0 && !holds(fields, count, toolchains)))
      return false;
  }
  return true;
}
