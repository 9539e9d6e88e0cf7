// What the toolchains file knows about a compiler.
#include "launcher.h"

#include <stdlib.h>
#include <string.h>

static ToolchainStatus status_of(const char *word) {
  if (strcmp(word, "ok") == 0)
    return TOOLCHAIN_OK;
  return strcmp(word, "knobs") == 0 ? TOOLCHAIN_KNOBS : TOOLCHAIN_REFUSED;
}

// Splits a copy of the line at its tabs; returns the number of fields, at most `limit`.
size_t split_line(const char *line, const char *end, char **fields, size_t limit) {
  Bytes copy = {0};
  bytes_add(&copy, line, (size_t)(end - line));
  bytes_add(&copy, "", 1);
  size_t count = 0;
  for (char *field = copy.data; field && count < limit; count++) {
    fields[count] = field;
    if ((field = strchr(field, '\t')))
      *field++ = 0;
  }
  return count;
}

static bool is_id(const char *field) { return is_digest(field) && !field[DIGEST_HEX]; }

// A compiler is known by what stat() says of it, so an upgraded one is a stranger until it was
// looked at.
Toolchain find_toolchain(const char *toolchains, const char *compiler) {
  enum { NEWEST = 999 };
  enum { KIND, PATH, MTIME, SIZE, INODE, ID, MAJOR, STATUS, PLUGIN, PORTABLE, FIELDS };
  Toolchain found = {0};
  struct stat status;
  if (!toolchains || !starts_with(toolchains, "autopass-toolchains 2\n") ||
      stat(compiler, &status) != 0)
    return found;
  Bytes mtime = {0}, size = {0}, inode = {0};
  bytes_number(&mtime, modified_at(&status));
  bytes_number(&size, (long long)status.st_size);
  bytes_number(&inode, (long long)status.st_ino);
  const char *const stamp[] = {bytes_string(&mtime), bytes_string(&size), bytes_string(&inode)};
  for (const char *line = toolchains, *end; (end = strchr(line, '\n')); line = end + 1) {
    char *fields[FIELDS + 1]; // one more tells of a line that is too long
    if (!starts_with(line, "clang\t") || split_line(line, end, fields, FIELDS + 1) != FIELDS)
      continue;
    if (strcmp(fields[MTIME], stamp[0]) || strcmp(fields[SIZE], stamp[1]) ||
        strcmp(fields[INODE], stamp[2]))
      continue;
    char *rest;
    long major = strtol(fields[MAJOR], &rest, 10);
    if (!is_id(fields[ID]) || !is_id(fields[PORTABLE]) || major <= 0 || major > NEWEST || *rest)
      continue;
    found.status = status_of(fields[STATUS]);
    found.id = fields[ID];
    found.portable = fields[PORTABLE];
    found.major = (int)major;
    found.plugin = fields[PLUGIN][0] == '/' ? fields[PLUGIN] : NULL;
  }
  return found.id && !config_files_unchanged(toolchains, found.id) ? (Toolchain){0} : found;
}
