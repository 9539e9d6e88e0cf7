/* Recursive descent from tokens to stack code. */
#include "script.h"

#include <stdlib.h>
#include <string.h>

struct parser {
  const struct token *token;
  struct code *code;
  int failed;
};

static size_t add(struct code *code, enum opcode op, uint32_t operand) {
  if (code->count == code->room) {
    code->room = code->room ? 2 * code->room : 256;
    code->items = realloc(code->items, code->room * sizeof *code->items);
    if (!code->items)
      abort();
  }
  code->items[code->count] = (struct instruction){op, operand};
  return code->count++;
}

static int is_operator(const struct parser *parser, uint64_t value) {
  return parser->token->kind == TOKEN_OPERATOR && parser->token->value == value;
}

static int is_word(const struct parser *parser, const char *word) {
  return parser->token->kind == TOKEN_NAME && parser->token->length == strlen(word) &&
         memcmp(parser->token->text, word, parser->token->length) == 0;
}

static void expect(struct parser *parser, uint64_t value) {
  if (is_operator(parser, value))
    parser->token++;
  else
    parser->failed = 1;
}

static void expression(struct parser *parser, int level);

static void primary(struct parser *parser) {
  const struct token *token = parser->token;
  if (token->kind == TOKEN_NUMBER) {
    add(parser->code, OP_PUSH, (uint32_t)token->value);
    parser->token++;
  } else if (token->kind == TOKEN_NAME) {
    add(parser->code, OP_LOAD, (uint32_t)(token->value % VARIABLES));
    parser->token++;
  } else {
    expect(parser, '(');
    if (!parser->failed)
      expression(parser, 0);
    expect(parser, ')');
  }
}

struct binary {
  int level;
  enum opcode op;
};

static struct binary binary_here(const struct parser *parser) {
  if (parser->token->kind != TOKEN_OPERATOR)
    return (struct binary){-1, OP_HALT};
  switch (parser->token->value) {
  case '<':
    return (struct binary){0, OP_LESS};
  case '<' * 256 + '=':
    return (struct binary){0, OP_LESS_EQUAL};
  case '=' * 256 + '=':
    return (struct binary){0, OP_EQUAL};
  case '!' * 256 + '=':
    return (struct binary){0, OP_NOT_EQUAL};
  case '+':
    return (struct binary){1, OP_ADD};
  case '-':
    return (struct binary){1, OP_SUB};
  case '*':
    return (struct binary){2, OP_MUL};
  case '/':
    return (struct binary){2, OP_DIV};
  case '%':
    return (struct binary){2, OP_MOD};
  default:
    return (struct binary){-1, OP_HALT};
  }
}

/* Precedence climbing: takes operators of this level and of tighter ones. */
static void expression(struct parser *parser, int level) {
  primary(parser);
  while (!parser->failed) {
    struct binary found = binary_here(parser);
    if (found.level < level)
      return;
    parser->token++;
    expression(parser, found.level + 1);
    add(parser->code, found.op, 0);
  }
}

static void statement(struct parser *parser) {
  if (is_word(parser, "while")) {
    parser->token++;
    size_t top = parser->code->count;
    expression(parser, 0);
    size_t leave = add(parser->code, OP_JUMP_IF_ZERO, 0);
    expect(parser, '{');
    while (!parser->failed && !is_operator(parser, '}'))
      statement(parser);
    parser->token++;
    add(parser->code, OP_JUMP, (uint32_t)top);
    parser->code->items[leave].operand = (uint32_t)parser->code->count;
  } else if (is_word(parser, "print")) {
    parser->token++;
    expression(parser, 0);
    add(parser->code, OP_PRINT, 0);
    expect(parser, ';');
  } else if (parser->token->kind == TOKEN_NAME) {
    uint32_t variable = (uint32_t)(parser->token->value % VARIABLES);
    parser->token++;
    expect(parser, '=');
    expression(parser, 0);
    add(parser->code, OP_STORE, variable);
    expect(parser, ';');
  } else {
    parser->failed = 1;
  }
}

int compile(const struct token_list *tokens, struct code *code) {
  struct parser parser = {tokens->items, code, 0};
  while (!parser.failed && parser.token->kind != TOKEN_END)
    statement(&parser);
  add(code, OP_HALT, 0);
  return parser.failed ? -1 : 0;
}
