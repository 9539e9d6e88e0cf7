// Fourteen registers are free where there is no frame pointer and no base pointer: not in the caller.
void use(char *);
volatile int cost;
static long crowd(long x) {
  long a, b, c, d, e, f, g, h, i, j, k, l, m, n;
  for (int t = 0; t < 2; t++)
    cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9, cost = 10, cost = 11,
    cost = 12, cost = 13, cost = 14, cost = 15, cost = 16, cost = 17, cost = 18, cost = 19, cost = 20, cost = 21;
  __asm__("xorl %k0, %k0; movl $1, %k1; movl $1, %k2; movl $1, %k3; movl $1, %k4; movl $1, %k5; movl $1, %k6;"
          "movl $1, %k7; movl $1, %k8; movl $1, %k9; movl $1, %k10; movl $1, %k11; movl $1, %k12; movl $1, %k13"
          : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=&r"(e), "=&r"(f), "=&r"(g), "=&r"(h), "=&r"(i), "=&r"(j), "=&r"(k),
            "=&r"(l), "=&r"(m), "=&r"(n));
  return x + a + b + c + d + e + f + g + h + i + j + k + l + m + n;
}
long caller(int n) {
  char room[n];
  __attribute__((aligned(64))) char aligned[64];
  use(room), use(aligned);
  return crowd(n) + crowd(n + 1);
}
