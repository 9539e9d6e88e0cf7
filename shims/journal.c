// The build record (JSON lines in D/journal, only where it was switched on) and AUTOPASS_LOG. One
// write(2) on an O_APPEND descriptor per call, so that parallel builds do not mix their lines.
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h> // rename
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LIMIT = 4096 };

// Bytes are written as latin-1, byte b as code point b: any file name survives.
static void add_json_text(Bytes *line, const char *text) {
  bytes_text(line, "\"");
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
      const char *hex = "0123456789abcdef";
      const char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
      bytes_add(line, escape, sizeof escape);
    } else {
      bytes_add(line, text, 1);
    }
  }
  bytes_text(line, "\"");
}

static void add_field(Bytes *line, const char *name, const char *value) {
  bytes_text(line, ",\"");
  bytes_text(line, name);
  bytes_text(line, "\":");
  if (value)
    add_json_text(line, value);
  else
    bytes_text(line, "null");
}

static void add_arguments(Bytes *line, const Event *event) {
  bytes_text(line, ",\"argv\":[");
  add_json_text(line, event->compiler->path);
  if (event->compiler->driver_mode)
    bytes_text(line, ",\"--driver-mode=g++\"");
  for (size_t i = 0; i < event->arguments->count; i++) {
    bytes_text(line, ",");
    add_json_text(line, event->arguments->items[i]);
  }
  bytes_text(line, "]");
}

static void add_environment(Bytes *line) {
  const char *separator = "";
  bytes_text(line, ",\"env\":{");
  for (const char *const *name = recorded_variables; *name; name++) {
    const char *value = getenv(*name);
    if (!value)
      continue;
    bytes_text(line, separator);
    add_json_text(line, *name);
    bytes_text(line, ":");
    add_json_text(line, value);
    separator = ",";
  }
  bytes_text(line, "}");
}

static void format_event(const Event *event, long long time, Bytes *line) {
  const Command *command = event->command;
  const Keys *keys = event->keys;
  bytes_text(line, "{\"v\":1,\"t\":");
  bytes_number(line, time);
  add_field(line, "kind", command->kind == KIND_COMPILE ? "compile" : "link");
  add_field(line, "decision", decision_word(reason_decision(event->reason)));
  add_field(line, "reason", reason_word(event->reason));
  add_field(line, "root", event->project->root);
  add_field(line, "cwd", event->directory);
  add_arguments(line, event);
  add_field(line, "out", command->output);
  if (command->kind == KIND_COMPILE) {
    add_field(line, "src", command->source);
    add_field(line, "lang", command->language);
    add_field(line, "level", command->level);
    add_field(line, "exact", keys->has_exact ? keys->exact.hex : NULL);
    add_field(line, "inherited", keys->has_inherited ? keys->inherited.hex : NULL);
    bool portable = keys->has_portable, relative = portable && keys->has_inherited;
    add_field(line, "portable_exact", portable ? keys->portable_exact.hex : NULL);
    add_field(line, "portable_inherited", relative ? keys->portable_inherited.hex : NULL);
    add_field(line, "digest", keys->has_source ? keys->source.hex : NULL);
    add_field(line, "recipe", event->recipe ? event->recipe->hex : NULL);
  }
  add_environment(line);
  bytes_text(line, "}\n");
}

// Tells by stat() alone: a sandbox that reports attempted writes must have nothing to report.
bool journal_is_on(const char *data) {
  struct stat status;
  return data && stat(concatenate(data, "/journal", ""), &status) == 0 &&
         trusted_status(&status, trust_private);
}

// A write past RLIMIT_FSIZE would end the process by SIGXFSZ; the compile may well stay below the
// limit.
static ssize_t write_quietly(int descriptor, const Bytes *line) {
  struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
  bool changed = sigaction(SIGXFSZ, &ignore, &before) == 0;
  ssize_t written = write(descriptor, line->data, line->length);
  if (changed)
    sigaction(SIGXFSZ, &before, NULL);
  return written;
}

static void append(const Event *event, const Bytes *line) {
  struct stat status;
  int descriptor = open(concatenate(event->data, "/journal", ""),
                        O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return;
  if (fstat(descriptor, &status) == 0 && trusted_status(&status, trust_private))
    write_quietly(descriptor, line); // a full disk costs the record, not the build
  close(descriptor);
}

// A record too long for one atomic append gets a file of its own, complete from the moment it has
// its name.
static void write_own_file(const Event *event, long long time, const Bytes *line) {
  const char *directory = concatenate(event->data, "/journal.d", "");
  Bytes name = {0};
  bytes_text(&name, directory);
  bytes_text(&name, "/");
  bytes_number(&name, getpid());
  bytes_text(&name, "-");
  bytes_number(&name, time);
  bytes_text(&name, ".json");
  const char *path = bytes_string(&name);
  const char *temporary = concatenate(path, ".part", ""); // readers look for *.json
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  int descriptor = open(temporary, flags, 0600);
  if (descriptor < 0 && errno == ENOENT && mkdir(directory, 0700) == 0)
    descriptor = open(temporary, flags, 0600);
  if (descriptor < 0)
    return;
  ssize_t written = write_quietly(descriptor, line);
  close(descriptor);
  if (written != (ssize_t)line->length || rename(temporary, path) != 0)
    unlink(temporary);
}

// Compiles are recorded where they belong to a project; links always: a build may be out of tree.
void journal_record(const Event *event) {
  Kind kind = event->command->kind;
  if (kind == KIND_OTHER || event->reason == REASON_PROBE)
    return;
  if (kind == KIND_COMPILE && !event->project->root)
    return;
  Bytes line = {0};
  long long time = clock_now(CLOCK_REALTIME);
  format_event(event, time, &line);
  if (line.length <= LINE_LIMIT)
    append(event, &line);
  else
    write_own_file(event, time, &line);
}

// AUTOPASS_LOG: decision, reason, recipe or "-", source or "-".
void log_line(const Event *event) {
  const char *path = getenv("AUTOPASS_LOG");
  if (!path || !*path)
    return;
  const char *const fields[] = {decision_word(reason_decision(event->reason)),
                                reason_word(event->reason),
                                event->recipe ? event->recipe->hex : "-",
                                event->command->source ? event->command->source : "-"};
  Bytes line = {0};
  for (size_t i = 0; i < 4; i++) {
    bytes_text(&line, i ? "\t" : "");
    for (const char *at = fields[i]; *at; at++)
      bytes_add(&line, *at == '\t' || *at == '\n' ? "?" : at, 1);
  }
  bytes_text(&line, "\n");
  int descriptor =
      open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (descriptor < 0)
    return;
  write_quietly(descriptor, &line);
  close(descriptor);
}
