// The assembler's own warning is given once for each copy of the statement.
void use(int);
static void slow_path(int n) {
  __asm__ volatile(".warning \"slow path\"");
  use(n);
}
void both(int n) { slow_path(n), slow_path(n + 1); }
