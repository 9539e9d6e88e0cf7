// Preloaded by soak.py: the wall clock is off by as many seconds as $SOAK_CLOCK says, whenever that
// changes. The monotonic clocks are left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int real(clockid_t clock, struct timespec *now) {
  static int (*function)(clockid_t, struct timespec *);
  if (!function)
    function = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  return function(clock, now);
}

static long offset(void) {
  long seconds = 0;
  const char *path = getenv("SOAK_CLOCK");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file)
    return 0;
  if (fscanf(file, "%ld", &seconds) != 1)
    seconds = 0;
  fclose(file);
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += offset();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec found;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &found) != 0)
    return -1;
  *now = (struct timeval){found.tv_sec, found.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *result) {
  struct timespec found;
  clock_gettime(CLOCK_REALTIME, &found);
  if (result)
    *result = found.tv_sec;
  return found.tv_sec;
}
