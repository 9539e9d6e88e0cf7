// An interpreter at work: assembles four small programs again and again (a sieve, Collatz chains,
// recursive Fibonacci numbers, a matrix product) and runs them on a virtual machine, each time
// with other arguments. It stands for interpreters of every kind: instruction dispatch through a
// switch, a stack in memory, checks at every step, and a little text processing before it.
//
// Usage: dispatch [N [SEED]], N rounds of all programs.
#include <stdio.h>
#include <stdlib.h>

#include "vm.h"

// Slots 0 and 1 are the arguments, a size and a seed; the other slots are made by the first pushes.
static const char sieve_text[] = "  push 0 push 2 push 0  ; 2: primes, 3: candidate, 4: multiple\n"
                                 "next: load 3 load 0 less jzero done\n"
                                 "  load 3 fetch jzero prime\n"
                                 "onward: load 3 push 1 add store 3 jump next\n"
                                 "prime: load 2 push 1 add store 2\n"
                                 "  load 3 load 3 mul store 4\n"
                                 "mark: load 4 load 0 less jzero onward\n"
                                 "  load 4 push 1 put\n"
                                 "  load 4 load 3 add store 4 jump mark\n"
                                 "done: load 2 print load 1 print halt\n";

static const char collatz_text[] = "  push 0 push 0 push 0  ; 2: value, 3: steps, 4: most steps\n"
                                   "each: load 0 jzero done\n"
                                   "  load 1 store 2 push 0 store 3\n"
                                   "step: push 1 load 2 less jzero ended\n"
                                   "  load 3 push 1 add store 3\n"
                                   "  load 2 push 2 mod jzero even\n"
                                   "  load 2 push 3 mul push 1 add store 2 jump step\n"
                                   "even: load 2 push 2 div store 2 jump step\n"
                                   "ended: load 4 load 3 less jzero onward\n"
                                   "  load 3 store 4 load 1 print\n"
                                   "onward: load 1 push 1 add store 1\n"
                                   "  load 0 push 1 sub store 0 jump each\n"
                                   "done: load 4 print halt\n";

static const char fibonacci_text[] = "  load 0 call fib print load 1 print halt\n"
                                     "fib: args 1 load 0 push 2 less jzero deep load 0 ret\n"
                                     "deep: load 0 push 1 sub call fib\n"
                                     "  load 0 push 2 sub call fib add ret\n";

static const char matrix_text[] =
    "  push 0 push 0 push 0 push 0  ; 2: row, 3: column, 4: k, 5: sum\n"
    "  load 0 load 0 mul  ; 6: where the second matrix is\n"
    "fill: load 2 load 6 push 2 mul less jzero rows\n"
    "  load 1 push 1103 mul push 12345 add push 30011 mod store 1\n"
    "  load 2 load 1 put load 2 push 1 add store 2 jump fill\n"
    "rows: push 0 store 2\n"
    "row: load 2 load 0 less jzero done push 0 store 3\n"
    "column: load 3 load 0 less jzero ended\n"
    "  push 0 store 4 push 0 store 5\n"
    "term: load 4 load 0 less jzero cell\n"
    "  load 2 load 0 mul load 4 add fetch\n"
    "  load 4 load 0 mul load 3 add load 6 add fetch\n"
    "  mul load 5 add store 5\n"
    "  load 4 push 1 add store 4 jump term\n"
    "cell: load 5 print load 3 push 1 add store 3 jump column\n"
    "ended: load 2 push 1 add store 2 jump row\n"
    "done: halt\n";

typedef struct {
  const char *name, *text;
  unsigned least, spread; // the size is from least to least + spread - 1
  uint64_t printed;
  long executed;
} Task;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

// Assembles and runs a task's program once; returns NULL or what went wrong.
static const char *run_task(Task *task, Vm *vm, uint64_t *state) {
  Program program = {.size = 0};
  int64_t size = task->least + next_random(state) % task->spread;
  int64_t seed = 1 + next_random(state) % 5000;
  const char *mistake = assemble(task->text, &program);
  if (mistake != NULL)
    return mistake;
  task->executed += vm_run(vm, &program, size, seed);
  task->printed = task->printed * 31 + vm->printed;
  return vm->fault;
}

int main(int argc, char **argv) {
  static Vm vm;
  Task tasks[] = {{"sieve", sieve_text, 900, 200, 0, 0},
                  {"collatz", collatz_text, 40, 20, 0, 0},
                  {"fibonacci", fibonacci_text, 13, 3, 0, 0},
                  {"matrix", matrix_text, 8, 5, 0, 0}};
  size_t count = sizeof tasks / sizeof *tasks;
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1150;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

  for (long round = 0; round < rounds; round++) {
    for (size_t i = 0; i < count; i++) {
      const char *mistake = run_task(&tasks[i], &vm, &state);
      if (mistake != NULL) {
        printf("%s: %s\n", tasks[i].name, mistake);
        return 1;
      }
    }
  }
  for (size_t i = 0; i < count; i++)
    printf("%s: %ld instructions, printed %016llx\n", tasks[i].name, tasks[i].executed,
           (unsigned long long)tasks[i].printed);
  return 0;
}
