// Like glibc's _FORTIFY_SOURCE, in the project's own header: wrong sizes are found after inlining.
typedef __SIZE_TYPE__ size_type;
extern void overflow(void) __attribute__((__error__("the buffer is too small")));
volatile int cost;
static void fill(char *to, size_type room, int value, size_type count) {
  cost = 1, cost = 2, cost = 3, cost = 4, cost = 5, cost = 6, cost = 7, cost = 8, cost = 9;
  if (count > room)
    overflow();
  for (size_type i = 0; i < count; i++)
    to[i] = (char)value;
}
void reset(char *p, char *q) {
  fill(p, 64, 0, 60);
  fill(q, 32, 1, 20);
}
