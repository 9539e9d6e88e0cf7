// Text handling: writes documents of pseudo-words, splits them into lower-case tokens, counts these
// in an open-addressing hash table, and looks for patterns with Horspool's search. It stands for
// indexers, log scanners and word counters: byte loops, character classes, string hashing and
// comparison, table probes. Usage: words [N [SEED]], N documents.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 16384, VOCABULARY = 6000, MAX_WORD = 24, PATTERNS = 12 };

typedef struct {
  char word[MAX_WORD]; // ended by a zero byte
  uint32_t hash;
  uint32_t count; // zero in a free slot
} Slot;

typedef struct {
  Slot *slots;
  size_t capacity, used; // the capacity is a power of two
} Table;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint64_t mix(uint64_t hash, uint64_t value) { return hash * 0x9e3779b97f4a7c15u + value; }

static void make_word(char *word, uint64_t *state) {
  size_t length = 0;
  for (int left = 1 + (int)(next_random(state) % 5); left > 0; left--) {
    word[length++] = "bcdfghjklmnprstv"[next_random(state) % 16];
    word[length++] = "aeiou"[next_random(state) % 5];
    if (next_random(state) % 4 == 0)
      word[length++] = "nrst"[next_random(state) % 4];
  }
  word[length] = '\0';
}

// Fills the text with words, the early ones of the vocabulary more often; returns its length.
static size_t write_document(char *text, char (*vocabulary)[MAX_WORD], uint64_t *state) {
  size_t length = 0;
  while (length + MAX_WORD + 2 < TEXT_SIZE) {
    uint32_t a = next_random(state) % VOCABULARY, b = next_random(state) % VOCABULARY;
    const char *word = vocabulary[(uint64_t)a * b / VOCABULARY];
    if (b % 16 == 0)
      text[length++] = (char)(*word++ - 'a' + 'A');
    while (*word != '\0')
      text[length++] = *word++;
    text[length++] = " \n. "[b % 4];
  }
  return length;
}

static uint32_t hash_word(const char *word, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)word[i]) * 16777619u;
  return hash ^ (hash >> 15);
}

static int same_word(const char *stored, const char *word, size_t length) {
  size_t same = 0;
  while (same < length && stored[same] == word[same])
    same++;
  return same == length && stored[same] == '\0';
}

static void table_init(Table *table, size_t capacity) {
  *table = (Table){calloc(capacity, sizeof(Slot)), capacity, 0};
  if (table->slots == NULL)
    abort();
}

// The slot that holds the word, or else the free one where it belongs.
static Slot *table_find(const Table *table, const char *word, size_t length, uint32_t hash) {
  size_t at = hash & (table->capacity - 1);
  while (table->slots[at].count != 0 &&
         (table->slots[at].hash != hash || !same_word(table->slots[at].word, word, length)))
    at = (at + 1) & (table->capacity - 1);
  return &table->slots[at];
}

static void table_grow(Table *table) {
  Table old = *table;
  table_init(table, old.capacity * 2);
  table->used = old.used;
  for (Slot *slot = old.slots; slot < old.slots + old.capacity; slot++)
    if (slot->count != 0)
      *table_find(table, slot->word, strlen(slot->word), slot->hash) = *slot;
  free(old.slots);
}

// Counts one word and returns how often it has been seen, this time included.
static uint32_t table_count(Table *table, const char *word, size_t length) {
  if (table->used * 4 >= table->capacity * 3)
    table_grow(table);
  uint32_t hash = hash_word(word, length);
  Slot *slot = table_find(table, word, length, hash);
  if (slot->count == 0) {
    memcpy(slot->word, word, length);
    slot->hash = hash;
    table->used++;
  }
  return ++slot->count;
}

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Puts the next word at or after *position into the token, in lower case; returns its length.
static size_t next_token(const char *text, size_t size, size_t *position, char *token) {
  size_t i = *position, length = 0;
  while (i < size && !is_letter(text[i]))
    i++;
  for (; i < size && is_letter(text[i]) && length < MAX_WORD - 1; i++)
    token[length++] = (char)(text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
  *position = i;
  return length;
}

static uint64_t sum_of_matches(const char *text, size_t size, const char *pattern, size_t length) {
  unsigned char skip[256];
  uint64_t places = 0;
  memset(skip, (int)length, sizeof skip);
  for (size_t i = 0; i + 1 < length; i++)
    skip[(unsigned char)pattern[i]] = (unsigned char)(length - 1 - i);
  for (size_t at = 0; at + length <= size; at += skip[(unsigned char)text[at + length - 1]]) {
    size_t left = length;
    while (left > 0 && text[at + left - 1] == pattern[left - 1])
      left--;
    places += left == 0 ? at + 1 : 0;
  }
  return places;
}

int main(int argc, char **argv) {
  static char text[TEXT_SIZE], vocabulary[VOCABULARY][MAX_WORD], token[MAX_WORD];
  long documents = argc > 1 ? strtol(argv[1], NULL, 10) : 1500;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, counted = 0, found = 0, stored = 0;
  Table table;
  table_init(&table, 64);
  for (int i = 0; i < VOCABULARY; i++)
    make_word(vocabulary[i], &state);
  for (long document = 0; document < documents; document++) {
    size_t size = write_document(text, vocabulary, &state), position = 0, length;
    while ((length = next_token(text, size, &position, token)) > 0)
      counted = mix(counted, table_count(&table, token, length));
    for (int i = 0; i < PATTERNS; i++) {
      const char *pattern = vocabulary[next_random(&state) % VOCABULARY];
      found = mix(found, sum_of_matches(text, size, pattern, strlen(pattern)));
    }
  }
  for (size_t i = 0; i < table.capacity; i++)
    stored = mix(stored, table.slots[i].count * (uint64_t)table.slots[i].word[0]);
  free(table.slots);
  printf("counted %016llx found %016llx stored %016llx\n", (unsigned long long)counted,
         (unsigned long long)found, (unsigned long long)stored);
  return 0;
}
