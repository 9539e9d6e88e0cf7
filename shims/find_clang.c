// Which compiler is meant, and what the toolchains file knows about it.
#include "launcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEWEST = 40, OLDEST = 11 };

// autopass-c++, clang++, clang++-22, …
bool is_cxx_name(const char *name) { return strstr(name, "++") != NULL; }

static bool same_file(const char *path, const struct stat *status) {
  struct stat other;
  return stat(path, &other) == 0 && other.st_dev == status->st_dev &&
         other.st_ino == status->st_ino;
}

// Is this autopass itself (or its sibling for the other language), under whatever name?
static bool is_launcher(const char *path, const struct stat *status) {
  static char self[4096];
  char link[4096];
  ssize_t linked = readlink(path, link, sizeof link - 1);
  link[linked < 0 ? 0 : linked] = 0;
  // By name too: two installations that find each other on PATH would call each other for ever.
  if (starts_with(base_name(path), "autopass-c") || starts_with(base_name(link), "autopass-c") ||
      same_file("/proc/self/exe", status))
    return true;
  if (!*self) {
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 16);
    if (length <= 0)
      return false;
    self[length] = 0;
  }
  static const char *const names[] = {"autopass-cc", "autopass-c++"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    strcpy(self + (base_name(self) - self), names[i]); // room was kept above
    if (same_file(self, status))
      return true;
  }
  return false;
}

static bool is_compiler(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0 &&
         !is_launcher(path, &status);
}

static const char *search_path(const char *name) {
  const char *path = getenv("PATH");
  if (!path)
    path = "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    size_t length = strcspn(path, ":");
    Bytes candidate = {0};
    bytes_add(&candidate, length ? path : ".", length ? length : 1);
    bytes_text(&candidate, "/");
    bytes_text(&candidate, name);
    if (is_compiler(bytes_string(&candidate)))
      return candidate.data;
    if (!path[length])
      return NULL;
    path += length + 1;
  }
}

static const char *search_any_clang(void) {
  const char *found = search_path("clang");
  for (int version = NEWEST; !found && version >= OLDEST; version--) {
    char name[16];
    snprintf(name, sizeof name, "clang-%d", version);
    found = search_path(name);
  }
  return found;
}

// The value of the `default` line, or NULL.
static const char *default_clang(const char *toolchains) {
  const char *line = toolchains ? strstr(toolchains, "\ndefault\t") : NULL;
  if (!line)
    return NULL;
  line += strlen("\ndefault\t");
  Bytes path = {0};
  bytes_add(&path, line, strcspn(line, "\t\n"));
  const char *found = bytes_string(&path);
  return is_compiler(found) ? found : NULL;
}

// /usr/bin/clang-22 -> /usr/bin/clang++-22, gcc -> g++; NULL when there is no such program.
static const char *cxx_sibling(const char *path) {
  static const char *const renamings[][2] = {{"clang", "clang++"}, {"gcc", "g++"}};
  const char *name = base_name(path);
  for (size_t i = 0; i < 2; i++) {
    const char *at = strstr(name, renamings[i][0]);
    if (!at)
      continue;
    Bytes sibling = {0};
    bytes_add(&sibling, path, (size_t)(at - path));
    bytes_text(&sibling, renamings[i][1]);
    bytes_text(&sibling, at + strlen(renamings[i][0]));
    return is_compiler(bytes_string(&sibling)) ? sibling.data : NULL;
  }
  return NULL;
}

// Called as `clang-22` from a masquerade directory: the user means that version, not the default.
static const char *named_clang(const char *name) {
  const char *rest = starts_with(name, "clang++") ? name + 7 : name + 5;
  if (!starts_with(name, "clang") || rest[0] != '-' || strspn(rest + 1, "0123456789") == 0 ||
      rest[1 + strspn(rest + 1, "0123456789")])
    return NULL;
  return search_path(concatenate("clang", rest, ""));
}

// `name` is the basename we were called by, `toolchains` the text of that file or NULL.
bool find_compiler(const char *name, const char *toolchains, Compiler *compiler) {
  const char *chosen = getenv("AUTOPASS_CLANG");
  const char *path = NULL;
  if (chosen && *chosen)
    path = strchr(chosen, '/') ? (is_compiler(chosen) ? chosen : NULL) : search_path(chosen);
  else if (!(path = named_clang(name)) && !(path = default_clang(toolchains)))
    path = search_any_clang();
  *compiler = (Compiler){path, false};
  if (!path)
    return false;
  if (is_cxx_name(name) && !is_cxx_name(base_name(path))) {
    const char *sibling = cxx_sibling(path);
    *compiler = sibling ? (Compiler){sibling, false} : (Compiler){path, true};
  }
  return true;
}

static ToolchainStatus status_of(const char *word) {
  if (strcmp(word, "ok") == 0)
    return TOOLCHAIN_OK;
  return strcmp(word, "knobs") == 0 ? TOOLCHAIN_KNOBS : TOOLCHAIN_REFUSED;
}

// Splits one line at its tabs, in place; returns the number of fields, at most `limit`.
static size_t split(char *line, char **fields, size_t limit) {
  size_t count = 0;
  for (char *field = line; field && count < limit; count++) {
    fields[count] = field;
    if ((field = strchr(field, '\t')))
      *field++ = 0;
  }
  return count;
}

// A compiler is known by what stat() says of it, so an upgraded one is a stranger until it was
// looked at.
Toolchain find_toolchain(const char *toolchains, const char *compiler) {
  enum { KIND, PATH, MTIME, SIZE, INODE, ID, MAJOR, STATUS, PLUGIN, FIELDS };
  Toolchain found = {0};
  struct stat status;
  if (!toolchains || !starts_with(toolchains, "autopass-toolchains 1\n") ||
      stat(compiler, &status) != 0)
    return found;
  char mtime[32], size[32], inode[32];
  snprintf(mtime, sizeof mtime, "%lld",
           (long long)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
  snprintf(size, sizeof size, "%lld", (long long)status.st_size);
  snprintf(inode, sizeof inode, "%llu", (unsigned long long)status.st_ino);
  for (const char *line = toolchains, *end; (end = strchr(line, '\n')); line = end + 1) {
    char *fields[FIELDS];
    Bytes copy = {0};
    bytes_add(&copy, line, (size_t)(end - line));
    bytes_add(&copy, "", 1);
    if (!starts_with(copy.data, "clang\t") || split(copy.data, fields, FIELDS) != FIELDS)
      continue;
    if (strcmp(fields[MTIME], mtime) || strcmp(fields[SIZE], size) || strcmp(fields[INODE], inode))
      continue;
    if (!is_digest(fields[ID]) || fields[ID][DIGEST_HEX] || !atoi(fields[MAJOR]))
      continue;
    found.status = status_of(fields[STATUS]);
    found.id = fields[ID];
    found.major = atoi(fields[MAJOR]);
    found.plugin =
        fields[PLUGIN][0] == '/' && !strchr(fields[PLUGIN], '\t') ? fields[PLUGIN] : NULL;
  }
  return found;
}
