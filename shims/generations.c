// A build sees one generation of the publication, whatever is published meanwhile: the newest that
// was there when it began. The publisher (autopass_cc/store/generations.py) keeps what it replaces
// for a day as `index.<ns>`, named by the time at which it was published, which is its mtime too.
// A build driver that runs `autopass tune` and then a part of its build keeps its own generation.
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLERS_LIMIT = 1 << 18 };
static const long long second = 1000000000, day = 24 * 3600 * second;

// The processes that ran the publisher: lines `<ns> <process> <start in ticks> <name>`. One that
// was a shell then and is a build driver now (`sh -c "autopass tune; exec make"`, or a shell that
// saves the fork) began its build after that, though the process is older.
static long long became_a_build(const char *place, const Process *build) {
  long long latest = 0;
  Bytes content;
  if (!read_trusted(concatenate(place, "/callers", ""), trust_private, CALLERS_LIMIT, &content))
    return 0;
  for (char *line = content.data, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    long long numbers[3] = {0}; // published, process, ticks
    size_t count = 0;
    for (char *rest; count < 3; line = rest + 1) {
      numbers[count] = strtoll(line, &rest, 10);
      if (rest == line || *rest != ' ')
        break;
      count++;
    }
    if (count == 3 && numbers[1] == build->id && numbers[2] == build->ticks &&
        strcmp(line, build->name) != 0 && numbers[0] > latest)
      latest = numbers[0];
  }
  return latest;
}

// The time in the name `index.<ns>`, or 0 for another name.
static long long generation_time(const char *name) {
  static const char prefix[] = "index.";
  const char *digits = name + sizeof prefix - 1;
  bool number = starts_with(name, prefix) && *digits && !digits[strspn(digits, "0123456789")];
  return number && strlen(digits) < 19 + 1 ? strtoll(digits, NULL, 10) : 0;
}

typedef struct {
  long long limit, newest;
} Kept;

static void look_at_generation(const char *name, void *context) {
  Kept *kept = context;
  long long published = generation_time(name);
  if (published <= kept->limit && published > kept->newest)
    kept->newest = published;
}

// The newest generation kept that was published by `time`; 0: none.
static long long newest_kept(const char *place, long long time) {
  Kept kept = {time, 0};
  each_name(place, look_at_generation, &kept);
  return kept.newest;
}

// Given the current index, open, and its status; returns what is to be read in its place (often
// the same), or -1. After a day, which nearly all compiles come to, this costs one look at the
// clock.
int pin_generation(int current, const char *place, struct stat *status) {
  Process build;
  long long published = modified_at(status);
  long long now = clock_now(CLOCK_REALTIME);
  // From the future: the clock was set back, and tells nothing about builds under way.
  if (published < now - day || published > now + second || !find_build(&build))
    return current;
  long long begin = process_start(&build);
  if (published <= begin)
    return current;
  long long later = became_a_build(place, &build);
  begin = later > begin ? later : begin;
  if (published <= begin)
    return current;
  close(current);
  Bytes name = {0};
  long long kept = newest_kept(place, begin);
  bytes_text(&name, place);
  bytes_text(&name, "/index.");
  bytes_number(&name, kept);
  errno = ENOENT;
  return kept ? open_trusted(bytes_string(&name), trust_private, status) : -1;
}
