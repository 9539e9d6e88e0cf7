// The start of a program without the C library. A static glibc asks the processor for its features
// before main(); every such CPUID instruction leaves a virtual machine, and together they take
// longer than all that the launcher does. The launcher needs some forty functions of the library;
// they are in this directory, under their usual names, so that the sources compile with or without
// them (AUTOPASS_FREESTANDING in CMakeLists.txt).
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

char **environ;
uintptr_t __stack_chk_guard = 0x5a17ed0ff;

int main(int argc, char **argv);

#if defined(__x86_64__)
__asm__(".text\n.globl _start\n.type _start, @function\n_start:\n"
        "  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start_c\n  hlt\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl _start\n.type _start, %function\n_start:\n"
        "  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  and sp, x0, #-16\n  bl start_c\n");
#else
#error "no start for this processor: configure with -DAUTOPASS_FREESTANDING=OFF"
#endif

// `stack` is what the kernel leaves there: argc, argv, NULL, environ, NULL, auxiliary vector.
__attribute__((used, noreturn)) void start_c(uintptr_t *stack) {
  char **argv = (char **)(stack + 1);
  environ = argv + stack[0] + 1;
  char **end = environ;
  while (*end)
    end++;
  for (Elf64_auxv_t *vector = (Elf64_auxv_t *)(end + 1); vector->a_type != AT_NULL; vector++) {
    if (vector->a_type ==
        AT_RANDOM) // the first byte stays zero, which stops a string from running over it
      __stack_chk_guard = *(const uintptr_t *)vector->a_un.a_val << 8;
  }
  exit(main((int)stack[0], argv));
}

_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }
