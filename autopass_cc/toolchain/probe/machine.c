/* A state machine, dense and sparse switches, computed goto: lookup tables and threading of jumps. */
enum state { START, WORD, NUMBER, FRACTION, ERROR };

enum state step(enum state s, int c) {
  switch (s) {
  case START:
    return c >= '0' && c <= '9' ? NUMBER : c == '.' ? FRACTION : c >= 'a' ? WORD : ERROR;
  case WORD:
    return c >= 'a' && c <= 'z' ? WORD : START;
  case NUMBER:
    return c >= '0' && c <= '9' ? NUMBER : c == '.' ? FRACTION : START;
  case FRACTION:
    return c >= '0' && c <= '9' ? FRACTION : START;
  default:
    return ERROR;
  }
}

unsigned scan(const char *s, unsigned counts[5]) {
  enum state now = START;
  unsigned n = 0;
  for (; *s; s++, n++) {
    now = step(now, *s);
    counts[now]++;
  }
  return n;
}

const char *name(int n) {
  switch (n) {
  case 1: return "one";
  case 2: return "two";
  case 3: return "three";
  case 10: return "ten";
  case 1000: return "thousand";
  case 70000: return "many";
  default: return "";
  }
}

int run(const unsigned char *code, int acc) {
  static void *const labels[] = {&&stop, &&add, &&twice, &&negate, &&jump};
  goto *labels[*code];
add:
  acc += code[1];
  code += 2;
  goto *labels[*code];
twice:
  acc *= 2;
  code++;
  goto *labels[*code];
negate:
  acc = -acc;
  code++;
  goto *labels[*code];
jump:
  code += acc > 0 ? code[1] : 2;
  goto *labels[*code];
stop:
  return acc;
}

int weekday(int month) {
  switch (month) {
  case 0: return 31;
  case 1: return 28;
  case 3: case 5: case 8: case 10: return 30;
  default: return 31;
  }
}
