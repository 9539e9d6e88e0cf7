/* interp STATEMENTS [ROUNDS [SEED]]: writes a random script, then lexes, compiles and runs it. */
#include "script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t random_state;

static unsigned random_below(unsigned limit) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 8) % limit;
}

static const char *const names[] = {"x", "total", "count_of_items", "previous", "rate2", "k"};

static char *write_statement(char *out) {
  const char *a = names[random_below(6)], *b = names[random_below(6)], *c = names[random_below(6)];
  unsigned number = random_below(1000);
  switch (random_below(7)) {
  case 0:
    return out + sprintf(out, "%s = (%s * %u + %s) %% 0x%x;\n", a, b, number, c, number * 977 + 1);
  case 1:
    return out +
           sprintf(out, "\n# %s follows %s, see section %u\n%s = %s + 1;\n", a, b, number, a, c);
  case 2:
    return out + sprintf(out, "%s = %s / (%s %% 7 + 1) - \"%s \\\"%u\\\"\";\n", a, b, c, b, number);
  case 3:
    return out + sprintf(out, "i = 0;\nwhile i < %u {\n    %s = %s + i * %s;\n    i = i + 1;\n}\n",
                         number % 4, a, b, c);
  case 4:
    return out +
           sprintf(out, "%s = (%s <= %s) + (%s != 0) * %u; # %u\n", a, b, c, b, number, number);
  case 5:
    return out + sprintf(out, "%s = \"%s and %s\";  # their hash\n", a, b, c);
  default:
    return out + sprintf(out, "print %s + %s;\n", a, b);
  }
}

int main(int argc, char **argv) {
  size_t statements = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
  size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
  random_state = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;

  char *script = malloc(statements * 160 + 1), *end = script;
  if (!script)
    return 1;
  *end = '\0';
  for (size_t i = 0; i < statements; i++)
    end = write_statement(end);

  uint64_t variables[VARIABLES] = {0}, checksum = 0;
  size_t tokens_seen = 0;
  struct token_list tokens = {0};
  struct code code = {0};
  for (size_t round = 0; round < rounds; round++) {
    tokens.count = 0;
    code.count = 0;
    lex(script, &tokens);
    if (compile(&tokens, &code) != 0) {
      fputs("syntax error\n", stderr);
      return 1;
    }
    checksum = checksum * 3 + execute(&code, variables);
    tokens_seen += tokens.count;
  }
  printf("%td bytes, %zu tokens, checksum %016" PRIx64 "\n", end - script, tokens_seen, checksum);
  free(tokens.items);
  free(code.items);
  free(script);
  return 0;
}
