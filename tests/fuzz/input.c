#include "fuzz.h"

unsigned take_byte(Input *input) {
  if (!input->size)
    return 0;
  input->size--;
  return *input->data++;
}

Input take_part(Input *input) {
  const uint8_t *end = input->size ? memchr(input->data, 0xff, input->size) : NULL;
  Input part = {input->data, end ? (size_t)(end - input->data) : input->size};
  size_t taken = part.size + (end != NULL);
  input->data += taken;
  input->size -= taken;
  return part;
}

// Prints what was wrong and the file that it was found with, and ends.
void fail(const char *what, const Bytes *content) {
  fprintf(stderr, "WRONG: %s\n", what);
  if (content && content->data)
    fwrite(content->data, 1, content->length, stderr);
  abort();
}
