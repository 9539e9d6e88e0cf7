#ifndef SCRIPT_H
#define SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum token_kind {
  TOKEN_END,
  TOKEN_NUMBER,
  TOKEN_NAME,
  TOKEN_OPERATOR, /* value: the character, or first * 256 + second for == <= >= != */
  TOKEN_ERROR
};

struct token {
  enum token_kind kind;
  uint32_t length;
  uint64_t value;
  const char *text;
};

struct token_list {
  struct token *items;
  size_t count, room;
};

/* Splits text (NUL-terminated) into tokens; the last one is TOKEN_END or TOKEN_ERROR. */
void lex(const char *text, struct token_list *tokens);

enum opcode {
  OP_PUSH,
  OP_LOAD,
  OP_STORE,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD,
  OP_LESS,
  OP_LESS_EQUAL,
  OP_EQUAL,
  OP_NOT_EQUAL,
  OP_JUMP,
  OP_JUMP_IF_ZERO,
  OP_PRINT,
  OP_HALT
};

struct instruction {
  enum opcode op;
  uint32_t operand;
};

struct code {
  struct instruction *items;
  size_t count, room;
};

enum { VARIABLES = 64, STACK = 64 };

/* Compiles statements to code; returns 0, or -1 for a syntax error. */
int compile(const struct token_list *tokens, struct code *code);

/* Runs code; every printed value is mixed into the returned checksum. */
uint64_t execute(const struct code *code, uint64_t variables[VARIABLES]);

#endif
