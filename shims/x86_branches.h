// x86-64 instructions, as far as the flow of control and frame pointers go.
#ifndef AUTOPASS_X86_BRANCHES_H
#define AUTOPASS_X86_BRANCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { OTHER, CONDITIONAL, JUMP, CALL, RETURN, SETS_FRAME, DROPS_FRAME } Kind;

typedef struct {
  Kind kind;
  unsigned length; // of conditional branches alone
} Instruction;

// What `size` bytes begin with; 16 are enough.
Instruction decode(const unsigned char *bytes, size_t size);

// Whether a branch was taken, where one instruction was followed by another.
bool is_taken(Instruction instruction, uint64_t from, uint64_t to);

// Whether the frame pointer is the running function's, after an instruction. A caller's is, once
// its callee has returned.
bool is_framed(Kind kind, bool before);

#endif
