// What the assembler, the virtual machine and the main program share.
#ifndef VM_H
#define VM_H

#include <stddef.h>
#include <stdint.h>

// Every instruction is one byte; those up to OP_ARGS are followed by a 16-bit operand, low byte
// first.
typedef enum {
  OP_PUSH,
  OP_LOAD,
  OP_STORE,
  OP_JUMP,
  OP_JZERO,
  OP_CALL,
  OP_ARGS,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD,
  OP_LESS,
  OP_FETCH,
  OP_PUT,
  OP_PRINT,
  OP_RET,
  OP_HALT
} Opcode;

enum { MAX_CODE = 512, STACK_SIZE = 256, MAX_FRAMES = 64, MEMORY_SIZE = 4096 };

typedef struct {
  uint8_t code[MAX_CODE + 2]; // two spare bytes, so that operands are always inside
  size_t size;
} Program;

typedef struct {
  size_t return_to, base;
} Frame;

typedef struct {
  int64_t stack[STACK_SIZE];
  int64_t memory[MEMORY_SIZE];
  Frame frames[MAX_FRAMES];
  size_t top, depth;
  uint64_t printed;  // a hash of all numbers printed
  const char *fault; // NULL as long as all is well
} Vm;

// Translates the text; returns NULL, or a message about the first mistake.
const char *assemble(const char *source, Program *program);

// Clears the machine, pushes the two arguments and runs the program; returns the instructions run.
long vm_run(Vm *vm, const Program *program, int64_t first, int64_t second);

#endif
