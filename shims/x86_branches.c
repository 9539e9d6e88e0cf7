// Intel, Software Developer's Manual, volume 2, "Opcode Map".
#include "x86_branches.h"

#include <string.h>

static bool is_prefix(unsigned char byte) {
  static const unsigned char others[] = {0x26, 0x2e, 0x36, 0x3e, 0x64,
                                         0x65, 0x66, 0x67, 0xf2, 0xf3};
  return memchr(others, byte, sizeof others) || (byte & 0xf0) == 0x40;
}

Instruction decode(const unsigned char *bytes, size_t size) {
  static const unsigned char frame[] = {0x48, 0x89, 0xe5}; // mov %rsp,%rbp
  if (size >= sizeof frame && memcmp(bytes, frame, sizeof frame) == 0)
    return (Instruction){SETS_FRAME, 0};
  if (size && (bytes[0] == 0x5d || bytes[0] == 0xc9)) // pop %rbp, leave
    return (Instruction){DROPS_FRAME, 0};
  unsigned at = 0;
  while (at + 2 < size && is_prefix(bytes[at]))
    at++;
  if (at + 2 > size)
    return (Instruction){OTHER, 0};
  unsigned char opcode = bytes[at], next = bytes[at + 1];
  if ((opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0)
    return (Instruction){CONDITIONAL, at + 2};
  if (opcode == 0x0f && (next & 0xf0) == 0x80)
    return (Instruction){CONDITIONAL, at + 6};
  if (opcode == 0xc2 || opcode == 0xc3)
    return (Instruction){RETURN, 0};
  if (opcode == 0xe8 || (opcode == 0xff && (next & 0x38) == 0x10))
    return (Instruction){CALL, 0};
  if (opcode == 0xe9 || opcode == 0xeb || (opcode == 0xff && (next & 0x38) == 0x20))
    return (Instruction){JUMP, 0};
  return (Instruction){OTHER, 0};
}

bool is_taken(Instruction instruction, uint64_t from, uint64_t to) {
  switch (instruction.kind) {
  case CONDITIONAL:
    return to != from + instruction.length;
  case JUMP:
  case CALL:
  case RETURN:
    return true;
  default:
    return false;
  }
}

bool is_framed(Kind kind, bool before) {
  switch (kind) {
  case SETS_FRAME:
  case RETURN:
    return true;
  case DROPS_FRAME:
  case CALL:
    return false;
  default:
    return before;
  }
}
