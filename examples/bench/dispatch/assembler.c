// The assembler: turns the text of a program into bytecode in two passes, the first of which finds
// out where the labels are. Words are separated by white space; a semicolon starts a comment, a
// word with a colon at its end is a label, and operands are decimal numbers or labels.
#include "vm.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 32, MAX_NAME = 12 };

typedef struct {
  char name[MAX_NAME];
  size_t address;
} Label;

typedef struct {
  Label labels[MAX_LABELS];
  size_t count;
} LabelTable;

// In the order of the opcodes.
static const char *const mnemonics[] = {"push", "load",  "store", "jump",  "jzero", "call",
                                        "args", "add",   "sub",   "mul",   "div",   "mod",
                                        "less", "fetch", "put",   "print", "ret",   "halt"};

static int is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// Copies the next word and returns its end, or NULL at the end of the text. Long words are cut.
static const char *next_word(const char *text, char *word) {
  size_t length = 0;
  while (is_space(*text) || *text == ';') {
    if (*text == ';')
      while (text[1] != '\n' && text[1] != '\0')
        text++;
    text++;
  }
  if (*text == '\0')
    return NULL;
  for (; *text != '\0' && !is_space(*text); text++)
    if (length < MAX_NAME - 1)
      word[length++] = *text;
  word[length] = '\0';
  return text;
}

static int find_opcode(const char *word) {
  for (int i = 0; i < (int)(sizeof mnemonics / sizeof *mnemonics); i++)
    if (strcmp(mnemonics[i], word) == 0)
      return i;
  return -1;
}

static const Label *find_label(const LabelTable *table, const char *name) {
  for (size_t i = 0; i < table->count; i++)
    if (strcmp(table->labels[i].name, name) == 0)
      return &table->labels[i];
  return NULL;
}

static const char *define_label(LabelTable *table, const char *name, size_t address) {
  if (find_label(table, name) != NULL)
    return "label defined twice";
  if (table->count == MAX_LABELS)
    return "too many labels";
  Label *label = &table->labels[table->count++];
  memcpy(label->name, name, MAX_NAME);
  label->address = address;
  return NULL;
}

static const char *parse_operand(const LabelTable *table, const char *word, long *value) {
  char *end;
  *value = strtol(word, &end, 10);
  if (end != word && *end == '\0')
    return *value < -32768 || *value > 32767 ? "number too large" : NULL;
  const Label *label = find_label(table, word);
  if (label == NULL)
    return "unknown label";
  *value = (long)label->address;
  return NULL;
}

// Defines the labels in the first pass; looks them up in the second one.
static const char *translate(const char *source, Program *program, LabelTable *table, int pass) {
  char word[MAX_NAME] = {0};
  const char *mistake = NULL;
  program->size = 0;
  while (mistake == NULL && (source = next_word(source, word)) != NULL) {
    size_t length = strlen(word);
    int opcode = find_opcode(word);
    if (word[length - 1] == ':') {
      word[length - 1] = '\0';
      if (pass == 1)
        mistake = define_label(table, word, program->size);
      continue;
    }
    if (opcode < 0 || program->size + 3 > MAX_CODE)
      return opcode < 0 ? "unknown instruction" : "program too long";
    program->code[program->size++] = (uint8_t)opcode;
    if (opcode <= OP_ARGS) {
      long value = 0;
      source = next_word(source, word);
      if (source == NULL)
        return "operand missing";
      if (pass == 2)
        mistake = parse_operand(table, word, &value);
      program->code[program->size++] = (uint8_t)(value & 0xff);
      program->code[program->size++] = (uint8_t)(value >> 8 & 0xff);
    }
  }
  return mistake;
}

const char *assemble(const char *source, Program *program) {
  LabelTable table = {.count = 0};
  const char *mistake = translate(source, program, &table, 1);
  return mistake != NULL ? mistake : translate(source, program, &table, 2);
}
