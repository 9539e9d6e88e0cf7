/* Recursion, tail calls, indirect calls, variadic functions, setjmp, variable-length arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

unsigned ackermann(unsigned m, unsigned n) {
  if (m == 0)
    return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int even(unsigned n);
static int odd(unsigned n) { return n == 0 ? 0 : even(n - 1); }
static int even(unsigned n) { return n == 0 ? 1 : odd(n - 1); }
int parity(unsigned n) { return even(n) - odd(n); }

struct tree {
  struct tree *left, *right;
  int key;
};

int depth(const struct tree *t) {
  if (!t)
    return 0;
  int l = depth(t->left), r = depth(t->right);
  return 1 + (l > r ? l : r);
}

void visit(const struct tree *t, void (*f)(int, void *), void *context) {
  while (t) {
    visit(t->left, f, context);
    f(t->key, context);
    t = t->right;
  }
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
void order(int *v, size_t n) { qsort(v, n, sizeof *v, compare); }

int sum(int count, ...) {
  va_list list;
  int s = 0;
  va_start(list, count);
  for (int i = 0; i < count; i++)
    s += va_arg(list, int);
  va_end(list);
  return s;
}

static jmp_buf target;
int guarded(int n) {
  volatile int tries = 0;
  if (setjmp(target) > 2)
    return tries;
  tries++;
  if (n > 0)
    longjmp(target, tries + 1);
  return -1;
}

long window(int n, const int *v) {
  int copy[n];
  long s = 0;
  for (int i = 0; i < n; i++)
    copy[i] = v[n - 1 - i];
  for (int i = 0; i < n; i++)
    s += copy[i] * (long)i;
  return s;
}
