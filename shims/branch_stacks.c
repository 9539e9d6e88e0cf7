// Branch stacks in software: samples a program as `perf record -b --call-graph fp` does where the
// hardware has branch records, and writes what `perf script -F ip,brstack --show-mmap-events` says.
//
//   autopass-branch-stacks OUT PROGRAM COMMAND [ARGUMENT ...]
//
// COMMAND runs at full speed. After about every INTERVAL it is stopped and single-stepped through a
// window of instructions; the branches that it takes there are a sample, together with the chain of
// its callers, which is read from frame pointers at the window's end. Samples are appended to OUT;
// only PROGRAM's code is sampled, as hardware filters do. Ends as COMMAND ends.
//
// A stop at each branch (PTRACE_SINGLEBLOCK) would be faster, but does not say where the branch
// came from, and few virtual machines have it. Children and further threads run as they are.
#include "x86_branches.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  INTERVAL = 300 * 1000, // ns that it runs between samples, on average
  // Instructions, not branches: after N branches code with few of them would count for more than
  // its time. Long, because what a window cuts off at its ends counts for nothing.
  WINDOW = 512,
  PATIENCE = 4 * WINDOW, // instructions until two branches were seen and the callers can be read
  KEPT = 1024,           // samples; beyond, every other one goes, and they become half as frequent
  FRAMES = 127,          // as perf: sysctl kernel.perf_event_max_stack
  SEGMENTS = 8,
  CANNOT = 125, // exit code, as that of env and timeout, where nothing could be run
};

typedef enum { NOTHING, STEPPED, INTERRUPTED, SIGNALLED, EXECUTED, ENDED } Event;

// A piece of PROGRAM's code as it lies in memory.
typedef struct {
  uint64_t start, size, offset;
  unsigned char *bytes;
} Segment;

typedef struct {
  pid_t pid;
  int memory; // /proc/PID/mem
  int status; // of the last wait
  int signal; // to be delivered when it goes on
  bool stepping;
  const char *program;
  Segment code[SEGMENTS];
  int segments; // 0: it runs another program than PROGRAM
} Tracee;

typedef struct {
  uint64_t from, to;
} Branch;

typedef struct {
  char *texts[KEPT];
  size_t count;
  int64_t interval;
} Samples;

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "autopass-branch-stacks: %s: %s\n", what, strerror(errno));
  exit(CANNOT);
}

// ---- the process

static const Segment *segment_of(const Tracee *tracee, uint64_t address) {
  for (int i = 0; i < tracee->segments; i++) {
    if (address - tracee->code[i].start < tracee->code[i].size)
      return &tracee->code[i];
  }
  return NULL;
}

static Instruction instruction_at(const Tracee *tracee, uint64_t address) {
  const Segment *segment = segment_of(tracee, address);
  if (segment) {
    uint64_t at = address - segment->start;
    return decode(segment->bytes + at, segment->size - at);
  }
  unsigned char bytes[16];
  ssize_t size = pread(tracee->memory, bytes, sizeof bytes, (off_t)address);
  return decode(bytes, size < 0 ? 0 : (size_t)size);
}

static uint64_t register_of(const Tracee *tracee, size_t offset) {
  return (uint64_t)ptrace(PTRACE_PEEKUSER, tracee->pid, offset, NULL);
}

static uint64_t counter_of(const Tracee *tracee) {
  return register_of(tracee, offsetof(struct user_regs_struct, rip));
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void forget(Tracee *tracee) {
  for (int i = 0; i < tracee->segments; i++)
    free(tracee->code[i].bytes);
  tracee->segments = 0;
  if (tracee->memory >= 0)
    close(tracee->memory);
  tracee->memory = -1;
}

static void take_segment(Tracee *tracee, Segment segment) {
  segment.bytes = malloc(segment.size);
  if (!segment.bytes)
    fail("memory");
  ssize_t size = pread(tracee->memory, segment.bytes, segment.size, (off_t)segment.start);
  if (size == (ssize_t)segment.size)
    tracee->code[tracee->segments++] = segment;
  else
    free(segment.bytes);
}

// Finds the code of the program that was just executed, where that is PROGRAM.
static void look(Tracee *tracee, FILE *out) {
  forget(tracee);
  char path[64];
  struct stat wanted, here;
  snprintf(path, sizeof path, "/proc/%d/exe", tracee->pid);
  if (stat(path, &here) != 0 || stat(tracee->program, &wanted) != 0 ||
      here.st_ino != wanted.st_ino || here.st_dev != wanted.st_dev)
    return;
  snprintf(path, sizeof path, "/proc/%d/mem", tracee->pid);
  tracee->memory = open(path, O_RDONLY | O_CLOEXEC);
  snprintf(path, sizeof path, "/proc/%d/maps", tracee->pid);
  FILE *maps = fopen(path, "re");
  if (tracee->memory < 0 || !maps)
    fail(path);
  char *line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, maps) > 0 && tracee->segments < SEGMENTS) {
    uint64_t end, inode;
    Segment segment;
    char access[5];
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64, &segment.start, &end,
               access, &segment.offset, &inode) != 5)
      continue;
    segment.size = end - segment.start;
    if (access[2] != 'x' || inode != here.st_ino)
      continue;
    take_segment(tracee, segment);
    fprintf(out,
            "PERF_RECORD_MMAP2 %d/%d: [0x%" PRIx64 "(0x%" PRIx64 ") @ 0x%" PRIx64
            " 00:00 0 0]: r-xp %s\n",
            tracee->pid, tracee->pid, segment.start, segment.size, segment.offset, tracee->program);
  }
  free(line);
  fclose(maps);
}

static void resume(Tracee *tracee, int request) {
  tracee->stepping = request == PTRACE_SINGLESTEP;
  // Where it has been killed meanwhile this fails, and the next wait tells.
  ptrace(request, tracee->pid, NULL, (void *)(intptr_t)tracee->signal);
  tracee->signal = 0;
}

static Event await(Tracee *tracee, int options) {
  for (;;) {
    pid_t found = waitpid(tracee->pid, &tracee->status, options);
    if (found < 0)
      fail("waitpid");
    if (found == 0)
      return NOTHING;
    if (!WIFSTOPPED(tracee->status))
      return ENDED;
    int signal = WSTOPSIG(tracee->status), event = tracee->status >> 16;
    if (event == PTRACE_EVENT_EXEC)
      return EXECUTED;
    if (event == PTRACE_EVENT_STOP && signal == SIGTRAP)
      return INTERRUPTED;
    if (event == PTRACE_EVENT_STOP) { // stopped as by Ctrl-Z, until somebody lets it go on
      ptrace(PTRACE_LISTEN, tracee->pid, NULL, NULL);
      continue;
    }
    if (signal == SIGTRAP && tracee->stepping)
      return STEPPED;
    tracee->signal = signal;
    return SIGNALLED;
  }
}

// Lets the process run until `due`, or until something happens to it. (By the clock, not by its CPU
// time: others see that move on at the clock's ticks alone. A process that sleeps is stopped once:
// the first step ends with its sleep.)
static Event run(Tracee *tracee, int64_t due) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  resume(tracee, PTRACE_CONT);
  for (;;) {
    int64_t left = due - now();
    if (left <= 0) {
      ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL);
      return await(tracee, 0);
    }
    struct timespec pause = {left / 1000000000, left % 1000000000};
    sigtimedwait(&children, NULL, &pause);
    Event event = await(tracee, WNOHANG);
    if (event != NOTHING)
      return event;
  }
}

// ---- samples

static size_t callers(const Tracee *tracee, uint64_t counter, uint64_t frames[FRAMES]) {
  size_t count = 0;
  frames[count++] = counter;
  uint64_t low = register_of(tracee, offsetof(struct user_regs_struct, rsp));
  uint64_t frame = register_of(tracee, offsetof(struct user_regs_struct, rbp));
  while (count < FRAMES && frame >= low) {
    uint64_t saved[2]; // the caller's frame, the address to return to
    if (pread(tracee->memory, saved, sizeof saved, (off_t)frame) != sizeof saved)
      break;
    frames[count++] = saved[1];
    if (!segment_of(tracee, saved[1]))
      break; // a library's frame pointer may be anything
    low = frame + sizeof saved;
    frame = saved[0];
  }
  return count;
}

static void keep(Samples *samples, const Tracee *tracee, uint64_t counter, const Branch *branches,
                 size_t count) {
  if (samples->count == KEPT) {
    for (size_t i = 0; i < KEPT; i += 2) {
      samples->texts[i / 2] = samples->texts[i];
      free(samples->texts[i + 1]);
    }
    samples->count = KEPT / 2;
    samples->interval *= 2;
  }
  uint64_t frames[FRAMES];
  size_t depth = callers(tracee, counter, frames), size;
  FILE *text = open_memstream(&samples->texts[samples->count], &size);
  if (!text)
    fail("memory");
  for (size_t i = 0; i < depth; i++)
    fprintf(text, "\t%16" PRIx64 "\n", frames[i]);
  for (size_t i = count; i > 0; i--) // the newest comes first
    fprintf(text, " 0x%" PRIx64 "/0x%" PRIx64 "/P/-/-/0 ", branches[i - 1].from,
            branches[i - 1].to);
  fputs("\n\n", text);
  if (fclose(text) != 0)
    fail("memory");
  samples->count++;
}

// llvm-profgen drops samples whose newest instruction belongs to a prologue or an epilogue.
static bool is_end(const Tracee *tracee, uint64_t counter, bool framed) {
  if (!framed || !segment_of(tracee, counter))
    return false;
  Kind kind = instruction_at(tracee, counter).kind;
  return kind != DROPS_FRAME && kind != RETURN;
}

// Steps through a window and keeps it as a sample; returns INTERRUPTED, or what came between.
static Event sample(Tracee *tracee, Samples *samples) {
  static Branch branches[PATIENCE];
  size_t count = 0;
  bool framed = true; // where it is not, its prologue ends or its epilogue returns soon
  uint64_t counter = counter_of(tracee);
  for (int steps = 0; steps < PATIENCE; steps++) {
    if (steps >= WINDOW && count >= 2 && is_end(tracee, counter, framed)) {
      keep(samples, tracee, counter, branches, count);
      break;
    }
    resume(tracee, PTRACE_SINGLESTEP);
    Event event = await(tracee, 0);
    if (event == INTERRUPTED)
      continue; // it was asked to stop twice
    if (event != STEPPED)
      return event; // behind a signal nothing follows from what was before
    uint64_t from = counter, to = counter_of(tracee);
    counter = to;
    bool inside = segment_of(tracee, from) != NULL;
    if (!inside && !segment_of(tracee, to))
      continue;
    Instruction instruction = instruction_at(tracee, from);
    if (!inside || is_taken(instruction, from, to))
      branches[count++] = (Branch){from, to};
    framed = is_framed(instruction.kind, framed);
  }
  return INTERRUPTED;
}

// ---- the command

static void start(Tracee *tracee, char **command) {
  int gate[2];
  sigset_t children, before;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, &before); // run() waits for it
  if (pipe2(gate, O_CLOEXEC) != 0 || (tracee->pid = fork()) < 0)
    fail("fork");
  char byte = 0;
  if (tracee->pid == 0) {
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1)
      _exit(CANNOT);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(command[0], command);
    fprintf(stderr, "autopass-branch-stacks: %s: %s\n", command[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126); // as a shell does
  }
  // Where this process is killed, the command is, too.
  long options = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, tracee->pid, NULL, (void *)options) != 0)
    fail("the command cannot be traced");
  if (write(gate[1], &byte, 1) != 1)
    fail("pipe");
  close(gate[0]);
  close(gate[1]);
}

static int end_alike(int status) {
  if (!WIFSIGNALED(status))
    return WEXITSTATUS(status);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  return 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("usage: autopass-branch-stacks OUT PROGRAM COMMAND [ARGUMENT ...]\n", stderr);
    return CANNOT;
  }
  FILE *out = fopen(argv[1], "ae");
  if (!out)
    fail(argv[1]);
  Tracee tracee = {.memory = -1, .program = argv[2]};
  static Samples samples = {.interval = INTERVAL};
  start(&tracee, argv + 3);
  int64_t due = 0;
  for (Event event = await(&tracee, 0); event != ENDED;) {
    if (event == EXECUTED) {
      look(&tracee, out);
    } else if (event == INTERRUPTED) {
      if (tracee.segments)
        event = sample(&tracee, &samples);
      // The interval varies, so that it keeps no step with a loop.
      due = now() + (int64_t)((double)samples.interval * (0.5 + drand48()));
      if (event != INTERRUPTED)
        continue;
    }
    event = run(&tracee, due);
  }
  forget(&tracee);
  for (size_t i = 0; i < samples.count; i++)
    fputs(samples.texts[i], out);
  if (fclose(out) != 0)
    fail(argv[1]);
  return end_alike(tracee.status);
}
