#include "launcher.h"

static const struct {
  const char *word;
  Decision decision;
} reasons[] = {
    {"none", DECISION_PASS},
#define REASON(identifier, word, decision, sentence) {word, DECISION_##decision},
#include "reasons.def"
#undef REASON
};

Decision reason_decision(Reason reason) { return reasons[reason].decision; }

const char *reason_word(Reason reason) { return reasons[reason].word; }

const char *decision_word(Decision decision) {
  static const char *const words[] = {"hit", "miss", "pass"};
  return words[decision];
}
