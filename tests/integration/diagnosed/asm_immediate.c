// The operand is a constant only after inlining.
volatile int cost;
static int shifted(int x, int n) {
  int r;
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  __asm__("shll %2, %0" : "=r"(r) : "0"(x), "i"(n));
  return r;
}
int pair(int x) { return shifted(x, 3) + shifted(x, 5); }
