// Fourteen registers are free where there is no frame pointer and no base pointer: not in the caller.
void use(char *);
static long crowd(long x) {
  long a, b, c, d, e, f, g, h, i, j, k, l, m, n;
  use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0);
  use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0), use(0);
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
