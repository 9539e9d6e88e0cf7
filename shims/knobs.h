// The allow-list of knobs, generated from autopass_cc/recipe/data by generate_knobs.py.
#ifndef AUTOPASS_KNOBS_H
#define AUTOPASS_KNOBS_H

#include <stddef.h>

typedef enum { KNOB_INT, KNOB_BOOL, KNOB_ENUM } KnobType;
typedef struct {
  const char *name;
  KnobType type;
  long long least, most;     // KNOB_INT
  const char *const *values; // KNOB_ENUM: ends with NULL
} Knob;
typedef struct {
  int major;
  const Knob *knobs; // sorted by name
  size_t count;
} KnobTable;
extern const KnobTable knob_tables[]; // ends with major 0

#endif
