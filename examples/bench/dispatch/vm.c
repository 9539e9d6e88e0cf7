// The virtual machine: a loop that decodes one bytecode instruction after the other with a switch,
// a stack of 64-bit numbers on which frames hold their local slots, and a checked memory. It stands
// for interpreters of scripting languages, filters and regular expressions.
#include "vm.h"

#include <string.h>

static void push(Vm *vm, int64_t value) {
  if (vm->top < STACK_SIZE)
    vm->stack[vm->top++] = value;
  else
    vm->fault = "stack overflow";
}

static int64_t pop(Vm *vm) {
  if (vm->top > 0)
    return vm->stack[--vm->top];
  vm->fault = "stack underflow";
  return 0;
}

// The place of a slot or a memory cell; the first one of all if the index is out of range.
static int64_t *element(Vm *vm, int64_t *array, size_t count, uint64_t index) {
  if (index < count)
    return &array[index];
  vm->fault = "index out of range";
  return array;
}

static int64_t divide(Vm *vm, int64_t a, int64_t b, Opcode opcode) {
  if (b > 0)
    return opcode == OP_DIV ? a / b : a % b;
  vm->fault = "divisor not positive";
  return 0;
}

// Results wrap round in 64 bits.
static int64_t arithmetic(int64_t a, int64_t b, Opcode opcode) {
  uint64_t x = (uint64_t)a, y = (uint64_t)b;
  return (int64_t)(opcode == OP_ADD ? x + y : opcode == OP_SUB ? x - y : x * y);
}

static void print(Vm *vm, int64_t value) {
  vm->printed = (vm->printed ^ (uint64_t)value) * 0x9e3779b97f4a7c15u;
  vm->printed ^= vm->printed >> 32;
}

// Remembers where to go on and whose slots to use then.
static void enter(Vm *vm, size_t return_to, size_t base) {
  if (vm->depth < MAX_FRAMES)
    vm->frames[vm->depth++] = (Frame){return_to, base};
  else
    vm->fault = "too many calls";
}

// Replaces the frame's slots by the result on top of the stack.
static Frame leave(Vm *vm, size_t base) {
  int64_t result = pop(vm);
  vm->top = base;
  push(vm, result);
  if (vm->depth > 0)
    return vm->frames[--vm->depth];
  vm->fault = "return from the main program";
  return (Frame){0, 0};
}

static int64_t signed_operand(unsigned operand) {
  return operand < 0x8000 ? (int64_t)operand : (int64_t)operand - 0x10000;
}

long vm_run(Vm *vm, const Program *program, int64_t first, int64_t second) {
  size_t at = 0, base = 0;
  long executed = 0;
  memset(vm, 0, sizeof *vm);
  push(vm, first);
  push(vm, second);
  while (vm->fault == NULL && at < program->size) {
    Opcode opcode = (Opcode)program->code[at++];
    unsigned operand = 0;
    int64_t right;
    if (opcode <= OP_ARGS) {
      operand = program->code[at] | (unsigned)program->code[at + 1] << 8;
      at += 2;
    }
    executed++;
    switch (opcode) {
    case OP_PUSH:
      push(vm, signed_operand(operand));
      break;
    case OP_LOAD:
      push(vm, *element(vm, vm->stack, vm->top, base + operand));
      break;
    case OP_STORE:
      right = pop(vm);
      *element(vm, vm->stack, vm->top, base + operand) = right;
      break;
    case OP_JUMP:
      at = operand;
      break;
    case OP_JZERO:
      if (pop(vm) == 0)
        at = operand;
      break;
    case OP_CALL:
      enter(vm, at, base);
      at = operand;
      break;
    case OP_ARGS:
      base = vm->top < operand ? 0 : vm->top - operand;
      break;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
      right = pop(vm);
      push(vm, arithmetic(pop(vm), right, opcode));
      break;
    case OP_DIV:
    case OP_MOD:
      right = pop(vm);
      push(vm, divide(vm, pop(vm), right, opcode));
      break;
    case OP_LESS:
      right = pop(vm);
      push(vm, pop(vm) < right);
      break;
    case OP_FETCH:
      push(vm, *element(vm, vm->memory, MEMORY_SIZE, (uint64_t)pop(vm)));
      break;
    case OP_PUT:
      right = pop(vm);
      *element(vm, vm->memory, MEMORY_SIZE, (uint64_t)pop(vm)) = right;
      break;
    case OP_PRINT:
      print(vm, pop(vm));
      break;
    case OP_RET: {
      Frame caller = leave(vm, base);
      at = caller.return_to;
      base = caller.base;
      break;
    }
    case OP_HALT:
      return executed;
    }
  }
  if (vm->fault == NULL)
    vm->fault = "end of code";
  return executed;
}
