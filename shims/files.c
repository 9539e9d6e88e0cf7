// Files that decide what is run must belong to us (or root) and must not be writable by strangers.
// They are read, never mapped: a file truncated while mapped would kill the build with SIGBUS.
#include "launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const Trusted trust_private = {TRUST_PRIVATE, 0};

bool trusted_status(const struct stat *status, Trusted trusted) {
  // A project's files are as writable for the group as the sources beside them (umask 002); that
  // is the project's choice. Our own are 0600, and one of them names a plugin to be loaded.
  mode_t forbidden = trusted.trust == TRUST_PROJECT ? S_IWOTH : S_IWGRP | S_IWOTH;
  bool ours = status->st_uid == geteuid() || status->st_uid == 0 ||
              (trusted.trust == TRUST_PROJECT && status->st_uid == trusted.owner);
  return S_ISREG(status->st_mode) && ours && !(status->st_mode & forbidden);
}

// The time of the last change of content, in ns since 1970.
long long modified_at(const struct stat *status) {
  return (long long)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

// Shows `visit` every name in a folder; false: not all of them could be read.
bool each_name(const char *folder, void (*visit)(const char *name, void *context), void *context) {
  _Alignas(struct dirent64) char entries[1 << 15];
  ssize_t length;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  while ((length = getdents64(descriptor, entries, sizeof entries)) > 0) {
    const struct dirent64 *entry;
    for (ssize_t at = 0; at < length; at += entry->d_reclen) {
      entry = (const struct dirent64 *)(entries + at);
      visit(entry->d_name, context);
    }
  }
  close(descriptor);
  return length == 0;
}

static int open_quietly(const char *path) {
  // O_NONBLOCK: a FIFO of that name must not make a build wait.
  return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

// Opens a regular file, whoever owns it. Anything else is left alone: whoever waits to write into a
// FIFO would take us for its reader, and some devices act when they are opened.
int open_ordinary(const char *path, struct stat *status) {
  if (stat(path, status) != 0)
    return -1;
  if (S_ISREG(status->st_mode))
    return open_quietly(path);
  errno = EPERM;
  return -1;
}

// The file itself is asked, not its name: that could be given to another one meanwhile.
int open_trusted(const char *path, Trusted trusted, struct stat *status) {
  int descriptor = open_quietly(path);
  if (descriptor < 0 || (fstat(descriptor, status) == 0 && trusted_status(status, trusted)))
    return descriptor;
  close(descriptor);
  errno = EPERM;
  return -1;
}

static bool read_all(int descriptor, const struct stat *status, size_t limit, Bytes *content) {
  if (status->st_size < 0 || (uint64_t)status->st_size > limit)
    return false;
  size_t size = (size_t)status->st_size;
  char *data = allocate(size + 1);
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(descriptor, data + done, size - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    done += (size_t)got;
  }
  data[size] = 0;
  *content = (Bytes){data, size, size + 1};
  return true;
}

bool read_trusted(const char *path, Trusted trusted, size_t limit, Bytes *content) {
  struct stat status;
  int descriptor = open_trusted(path, trusted, &status);
  if (descriptor < 0)
    return false;
  bool complete = read_all(descriptor, &status, limit, content);
  close(descriptor);
  return complete;
}

bool read_ordinary(const char *path, size_t limit, Bytes *content) {
  struct stat status;
  int descriptor = open_ordinary(path, &status);
  if (descriptor < 0)
    return false;
  bool complete = read_all(descriptor, &status, limit, content);
  close(descriptor);
  return complete;
}
