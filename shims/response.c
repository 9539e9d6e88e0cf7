// @file arguments, expanded as clang's driver does (llvm::cl::TokenizeGNUCommandLine), to know what
// a command means. What is executed keeps its @file. Where clang's rule is unclear: give up
// (false).
#include "launcher.h"

#include <string.h>
#include <unistd.h>

enum { MAX_DEPTH = 20, MAX_FILE = 16 << 20, MAX_WORDS = 1 << 18 };

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// One word from `text[*at]` on into `word`; false at the end. `*empty` tells of a word like "".
static bool next_word(const char *text, size_t length, size_t *at, Bytes *word, bool *empty) {
  size_t i = *at;
  while (i < length && is_space(text[i]))
    i++;
  if (i == length)
    return false;
  *word = (Bytes){0};
  char quote = 0;
  for (; i < length && (quote || !is_space(text[i])); i++) {
    if (text[i] == '\\' && i + 1 < length)
      bytes_add(word, &text[++i], 1);
    else if (quote ? text[i] == quote : text[i] == '\'' || text[i] == '"')
      quote = quote ? 0 : text[i];
    else
      bytes_add(word, &text[i], 1);
  }
  *at = i;
  *empty = word->length == 0;
  return true;
}

static bool expand_word(const char *word, int depth, Words *expanded);

static bool expand_file(const Bytes *content, int depth, Words *expanded) {
  bool odd = memchr(content->data, 0, content->length) || // includes UTF-16
             (content->length >= 3 && memcmp(content->data, "\xef\xbb\xbf", 3) == 0);
  size_t at = 0;
  Bytes word;
  bool empty;
  if (odd)
    return false;
  while (next_word(content->data, content->length, &at, &word, &empty)) {
    if (empty || !expand_word(bytes_string(&word), depth, expanded))
      return false;
  }
  return true;
}

static bool expand_word(const char *word, int depth, Words *expanded) {
  Bytes content;
  if (word[0] != '@') {
    words_add(expanded, word);
    return expanded->count <= MAX_WORDS;
  }
  return depth < MAX_DEPTH && read_ordinary(word + 1, MAX_FILE, &content) &&
         expand_file(&content, depth + 1, expanded);
}

// Returns false when a response file is missing, special, nested too deep or oddly written;
// `expanded` then holds the arguments as given.
bool expand_arguments(char *const *arguments, Words *expanded) {
  bool complete = true;
  for (char *const *argument = arguments; *argument && complete; argument++)
    complete = expand_word(*argument, 0, expanded);
  if (!complete) {
    expanded->count = 0;
    for (; *arguments; arguments++)
      words_add(expanded, *arguments);
  }
  return complete;
}
