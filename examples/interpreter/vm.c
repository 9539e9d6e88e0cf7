/* The stack machine. */
#include "script.h"

uint64_t execute(const struct code *code, uint64_t variables[VARIABLES]) {
  uint64_t stack[STACK] = {0};
  uint64_t *top = stack;
  uint64_t checksum = 0;

  for (const struct instruction *next = code->items;;) {
    const struct instruction *now = next++;
    switch (now->op) {
    case OP_PUSH:
      *++top = now->operand;
      break;
    case OP_LOAD:
      *++top = variables[now->operand];
      break;
    case OP_STORE:
      variables[now->operand] = *top--;
      break;
    case OP_ADD:
      top--;
      top[0] += top[1];
      break;
    case OP_SUB:
      top--;
      top[0] -= top[1];
      break;
    case OP_MUL:
      top--;
      top[0] *= top[1];
      break;
    case OP_DIV:
      top--;
      top[0] = top[1] ? top[0] / top[1] : 0;
      break;
    case OP_MOD:
      top--;
      top[0] = top[1] ? top[0] % top[1] : 0;
      break;
    case OP_LESS:
      top--;
      top[0] = top[0] < top[1];
      break;
    case OP_LESS_EQUAL:
      top--;
      top[0] = top[0] <= top[1];
      break;
    case OP_EQUAL:
      top--;
      top[0] = top[0] == top[1];
      break;
    case OP_NOT_EQUAL:
      top--;
      top[0] = top[0] != top[1];
      break;
    case OP_JUMP:
      next = code->items + now->operand;
      break;
    case OP_JUMP_IF_ZERO:
      if (*top-- == 0)
        next = code->items + now->operand;
      break;
    case OP_PRINT:
      checksum = (checksum ^ *top--) * 0x9e3779b97f4a7c15u;
      break;
    case OP_HALT:
      return checksum;
    }
  }
}
