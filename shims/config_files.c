// The configuration files of a clang, which add options that no command line shows: whether they
// are those that were there when it was looked at (autopass_cc/toolchain/config_files.py).
#include "launcher.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIND, ID, PATH, MTIME, SIZE };

static bool is_number(const char *text, long long number) {
  Bytes shown = {0};
  bytes_number(&shown, number);
  return strcmp(text, bytes_string(&shown)) == 0;
}

static bool is_stamp(const char *text, const struct stat *status) {
  return is_number(text, (long long)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec);
}

// Whether the file has a line of its own. Its times are compared where that line is read.
static bool is_known(const char *toolchains, const char *id, const char *folder, const char *name) {
  Bytes line = {0};
  const char *const parts[] = {"\nconfig\t", id, "\t", folder, "/", name, "\t"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    bytes_text(&line, parts[i]);
  return strstr(toolchains, bytes_string(&line)) != NULL;
}

static bool holds_known_files_only(const char *toolchains, const char *id, const char *folder) {
  _Alignas(struct dirent64) char entries[1 << 15];
  ssize_t length;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  bool known = true;
  while (known && (length = getdents64(descriptor, entries, sizeof entries)) > 0) {
    const struct dirent64 *entry;
    for (ssize_t at = 0; at < length; at += entry->d_reclen) {
      entry = (const struct dirent64 *)(entries + at);
      size_t size = strlen(entry->d_name);
      if (size >= 4 && strcmp(entry->d_name + size - 4, ".cfg") == 0)
        known = known && is_known(toolchains, id, folder, entry->d_name);
    }
  }
  close(descriptor);
  return known;
}

// A folder that is as it was costs one stat(). In one that has changed any name may have come: with
// `--target` clang looks for files of that triple.
static bool holds(char *const *fields, size_t count, const char *toolchains) {
  struct stat status;
  bool exists = stat(fields[PATH], &status) == 0;
  if (strcmp(fields[KIND], "config") == 0)
    return count > SIZE && exists && is_stamp(fields[MTIME], &status) &&
           is_number(fields[SIZE], (long long)status.st_size);
  if (!exists || strcmp(fields[MTIME], "-") == 0)
    return !exists && strcmp(fields[MTIME], "-") == 0;
  return is_stamp(fields[MTIME], &status) ||
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
