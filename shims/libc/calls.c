// System calls under the names and with the results of POSIX: -1 and errno for an error.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int error_number;
int *__errno_location(void) { return &error_number; }

#if defined(__x86_64__)
static long call6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#else
static long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#endif

// The kernel's errors are the last 4095 values below zero.
static long call(long number, long a, long b, long c, long d) {
  long result = call6(number, a, b, c, d, 0, 0);
  if (result < 0 && result > -4096) {
    error_number = (int)-result;
    return -1;
  }
  return result;
}

static long at(const void *pointer) { return (long)(intptr_t)pointer; }

_Noreturn void exit(int code) {
  for (;;)
    call(SYS_exit_group, code, 0, 0, 0);
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  int mode = flags & O_CREAT ? va_arg(list, int) : 0;
  va_end(list);
  return (int)call(SYS_openat, AT_FDCWD, at(path), flags, mode);
}

int close(int descriptor) { return (int)call(SYS_close, descriptor, 0, 0, 0); }
ssize_t read(int descriptor, void *data, size_t size) {
  return call(SYS_read, descriptor, at(data), (long)size, 0);
}
ssize_t write(int descriptor, const void *data, size_t size) {
  return call(SYS_write, descriptor, at(data), (long)size, 0);
}
ssize_t pread(int descriptor, void *data, size_t size, off_t offset) {
  return call(SYS_pread64, descriptor, at(data), (long)size, offset);
}
int fstat(int descriptor, struct stat *status) {
  return (int)call(SYS_fstat, descriptor, at(status), 0, 0);
}
int stat(const char *path, struct stat *status) {
  return (int)call(SYS_newfstatat, AT_FDCWD, at(path), at(status), 0);
}
int access(const char *path, int mode) {
  return (int)call(SYS_faccessat, AT_FDCWD, at(path), mode, 0);
}
ssize_t readlink(const char *path, char *target, size_t size) {
  return call(SYS_readlinkat, AT_FDCWD, at(path), at(target), (long)size);
}
int mkdir(const char *path, mode_t mode) {
  return (int)call(SYS_mkdirat, AT_FDCWD, at(path), mode, 0);
}
int unlink(const char *path) { return (int)call(SYS_unlinkat, AT_FDCWD, at(path), 0, 0); }
int rename(const char *from, const char *to) {
  return (int)call(SYS_renameat2, AT_FDCWD, at(from), AT_FDCWD, at(to)); // flags, the fifth: 0
}
int execve(const char *path, char *const argv[], char *const env[]) {
  return (int)call(SYS_execve, at(path), at(argv), at(env), 0);
}
pid_t getpid(void) { return (pid_t)call(SYS_getpid, 0, 0, 0, 0); }
pid_t getppid(void) { return (pid_t)call(SYS_getppid, 0, 0, 0, 0); }
uid_t geteuid(void) { return (uid_t)call(SYS_geteuid, 0, 0, 0, 0); }
int clock_gettime(clockid_t clock, struct timespec *time) {
  return (int)call(SYS_clock_gettime, clock, at(time), 0, 0);
}
ssize_t getdents64(int descriptor, void *entries, size_t size) {
  return call(SYS_getdents64, descriptor, at(entries), (long)size, 0);
}

// Like glibc's, refuses the kernel's "(unreachable)/…".
char *getcwd(char *buffer, size_t size) {
  if (call(SYS_getcwd, at(buffer), (long)size, 0, 0) < 0)
    return NULL;
  if (buffer[0] == '/')
    return buffer;
  error_number = ENOENT;
  return NULL;
}

// For SIG_IGN, SIG_DFL and what such a call returned: a handler would need a way back from the
// kernel.
int sigaction(int number, const struct sigaction *restrict action,
              struct sigaction *restrict before) {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
  } in = {0}, out = {0};
  if (action) {
    in.handler = action->sa_handler;
    in.flags = (unsigned long)action->sa_flags;
  }
  long result = call(SYS_rt_sigaction, number, action ? at(&in) : 0, at(&out), sizeof in.mask);
  if (before && result == 0) {
    memset(before, 0, sizeof *before);
    before->sa_handler = out.handler;
    before->sa_flags = (int)out.flags;
  }
  return (int)result;
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  long result = call6(SYS_mmap, at(address), (long)size, protection, flags, descriptor, offset);
  return result < 0 && result > -4096 ? MAP_FAILED : (void *)(intptr_t)result;
}
