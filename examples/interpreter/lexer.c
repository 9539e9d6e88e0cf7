/* A table-free lexer: one character per turn, one state at a time. */
#include "script.h"

#include <stdlib.h>

enum state { BETWEEN, NUMBER, HEX_PREFIX, HEX, NAME, STRING, ESCAPE, OPERATOR, COMMENT };

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static int is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

static void emit(struct token_list *tokens, enum token_kind kind, const char *text, size_t length,
                 uint64_t value) {
  if (tokens->count == tokens->room) {
    tokens->room = tokens->room ? 2 * tokens->room : 1024;
    tokens->items = realloc(tokens->items, tokens->room * sizeof *tokens->items);
    if (!tokens->items)
      abort();
  }
  tokens->items[tokens->count++] = (struct token){kind, (uint32_t)length, value, text};
}

void lex(const char *text, struct token_list *tokens) {
  enum state state = BETWEEN;
  const char *start = text;
  uint64_t value = 0;

  for (const char *p = text;; p++) {
    char c = *p;
    switch (state) {
    case BETWEEN:
      start = p;
      value = 0;
      if (is_space(c))
        break;
      if (is_letter(c)) {
        value = (unsigned char)c;
        state = NAME;
      } else if (c == '0') {
        state = HEX_PREFIX;
      } else if (is_digit(c)) {
        value = (uint64_t)(c - '0');
        state = NUMBER;
      } else if (c == '"') {
        state = STRING;
      } else if (c == '#') {
        state = COMMENT;
      } else if (c == '\0') {
        emit(tokens, TOKEN_END, p, 0, 0);
        return;
      } else if (c == '<' || c == '>' || c == '=' || c == '!') {
        value = (unsigned char)c;
        state = OPERATOR;
      } else {
        emit(tokens, TOKEN_OPERATOR, p, 1, (unsigned char)c);
      }
      break;
    case HEX_PREFIX:
      if (c == 'x') {
        state = HEX;
      } else if (is_digit(c)) {
        value = (uint64_t)(c - '0');
        state = NUMBER;
      } else {
        emit(tokens, TOKEN_NUMBER, start, 1, 0);
        state = BETWEEN;
        p--;
      }
      break;
    case NUMBER:
      if (is_digit(c)) {
        value = value * 10 + (uint64_t)(c - '0');
      } else {
        emit(tokens, TOKEN_NUMBER, start, (size_t)(p - start), value);
        state = BETWEEN;
        p--;
      }
      break;
    case HEX:
      if (is_digit(c)) {
        value = value * 16 + (uint64_t)(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        value = value * 16 + (uint64_t)(c - 'a' + 10);
      } else {
        emit(tokens, TOKEN_NUMBER, start, (size_t)(p - start), value);
        state = BETWEEN;
        p--;
      }
      break;
    case NAME:
      if (is_letter(c) || is_digit(c)) {
        value = value * 31 + (unsigned char)c;
      } else {
        emit(tokens, TOKEN_NAME, start, (size_t)(p - start), value);
        state = BETWEEN;
        p--;
      }
      break;
    case STRING:
      if (c == '\\') {
        state = ESCAPE;
      } else if (c == '"') {
        emit(tokens, TOKEN_NUMBER, start, (size_t)(p - start) + 1, value);
        state = BETWEEN;
      } else if (c == '\0' || c == '\n') {
        emit(tokens, TOKEN_ERROR, start, (size_t)(p - start), 0);
        return;
      } else {
        value = value * 33 + (unsigned char)c;
      }
      break;
    case ESCAPE:
      value = value * 33 + (unsigned char)c;
      state = STRING;
      break;
    case OPERATOR:
      if (c == '=') {
        emit(tokens, TOKEN_OPERATOR, start, 2, value * 256 + '=');
      } else {
        emit(tokens, TOKEN_OPERATOR, start, 1, value);
        p--;
      }
      state = BETWEEN;
      break;
    case COMMENT:
      if (c == '\n' || c == '\0') {
        state = BETWEEN;
        p--;
      }
      break;
    }
  }
}
