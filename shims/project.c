// The project a source belongs to: the nearest directory above it that has autopass.toml or
// autopass.lock.
#include "launcher.h"

#include <string.h>
#include <unistd.h>

enum { TOML_LIMIT = 1 << 20 };

// Removes ".", ".." and double slashes by text alone; `path` is absolute.
static const char *normal_path(const char *path) {
  Bytes result = {0};
  for (const char *part = path; *part;) {
    part += strspn(part, "/");
    size_t length = strcspn(part, "/");
    if (length == 2 && part[0] == '.' && part[1] == '.') {
      while (result.length && result.data[--result.length] != '/')
        ;
    } else if (length && !(length == 1 && part[0] == '.')) {
      bytes_text(&result, "/");
      bytes_add(&result, part, length);
    }
    part += length;
  }
  if (!result.length)
    bytes_text(&result, "/");
  return bytes_string(&result);
}

const char *absolute_path(const char *directory, const char *path) {
  return normal_path(path[0] == '/' ? path : concatenate(directory, "/", path));
}

// Returns the part of `absolute` below `root`, or NULL.
const char *path_inside(const char *root, const char *absolute) {
  size_t length = strlen(root);
  if (length == 1) // "/"
    return absolute + 1;
  if (strncmp(absolute, root, length) != 0 || (absolute[length] && absolute[length] != '/'))
    return NULL;
  return absolute[length] ? absolute + length + 1 : absolute + length;
}

// A marker planted by a stranger (in /tmp, say) must not make its directory a project. The owner of
// the source is no stranger: a container's root builds a checkout of somebody else.
static bool has_marker(const char *directory, Trusted trusted) {
  static const char *const markers[] = {"autopass.toml", "autopass.lock"};
  const char *slash = strcmp(directory, "/") == 0 ? "" : "/";
  for (size_t i = 0; i < 2; i++) {
    struct stat status;
    if (stat(concatenate(directory, slash, markers[i]), &status) == 0 &&
        trusted_status(&status, trusted))
      return true;
  }
  return false;
}

static const char *search_upwards(const char *directory, Trusted trusted) {
  Bytes place = {0};
  bytes_text(&place, directory);
  while (true) {
    if (has_marker(bytes_string(&place), trusted))
      return place.data;
    if (place.length <= 1)
      return NULL;
    while (place.length > 1 && place.data[--place.length] != '/')
      ;
  }
}

// `source` and `status` (of the source) may be NULL: then only the working directory counts.
Project find_project(const char *directory, const char *source, const struct stat *status) {
  struct stat here;
  if (!status && stat(directory, &here) == 0)
    status = &here;
  Project project = {.trusted = {TRUST_PROJECT, status ? status->st_uid : geteuid()}};
  const char *absolute = source ? absolute_path(directory, source) : NULL;
  if (absolute)
    project.root = search_upwards(absolute_path(absolute, ".."), project.trusted);
  if (!project.root) {
    const char *above = normal_path(directory);
    if (!absolute || !path_inside(above, absolute)) // else it was passed on the way
      project.root = search_upwards(above, project.trusted);
  }
  if (project.root && absolute)
    project.relative = path_inside(project.root, absolute);
  return project;
}

// The id is what stands between the quotes of the first line that begins `id = "`; where a project
// has none, its path stands in. Digested, so that any text has the same form.
Digest project_id(const Project *project) {
  static const char key[] = "\nid = \"";
  Bytes toml;
  Hasher hasher;
  digest_begin(&hasher);
  const char *id = NULL, *end = NULL;
  if (read_ordinary(concatenate(project->root, "/autopass.toml", ""), TOML_LIMIT, &toml)) {
    if (starts_with(toml.data, key + 1))
      id = toml.data + strlen(key) - 1;
    else if ((id = strstr(toml.data, key)))
      id += strlen(key);
    end = id ? strpbrk(id, "\"\n") : NULL;
  }
  if (end && *end == '"' && end > id)
    digest_add(&hasher, id, (size_t)(end - id));
  else
    digest_text(&hasher, project->root);
  return digest_end(&hasher);
}
