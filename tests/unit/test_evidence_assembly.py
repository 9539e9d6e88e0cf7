"""What objdump prints becomes functions with labels: for branches, and for nothing else that looks like an address."""

from __future__ import annotations

from autopass_cc.evidence.assembly import parse

X86 = """
/tmp/x.o:\tfile format elf64-x86-64

Disassembly of section .text:

0000000000000000 <sum>:
       0: xorps\t%xmm0, %xmm0
       8: movapd\t(%rip), %xmm8           # 0x10 <sum+0x10>
      10: addsd\t(%rdi,%rax,8), %xmm0
      15: callq\t0x1a <sum+0x1a>
      1a: shufps\t$0x1, %xmm1, %xmm1      # xmm1 = xmm1[1,0,0,0]
      1e: jne\t0x10 <sum+0x10>
      20: retq

0000000000000030 <leaf>:
      30: jmp\t0x40 <other>
"""
ARM = """
0000000000000000 <get>:
       0: adrp\tx8, 0x0 <get>
       4: ldr\tx0, [x8]
       8: cbz\tx0, 0x4 <get+0x4>
       c: bl\t0x10 <get+0x10>
      10: ret
"""


def test_branches_get_labels_and_comments_that_name_addresses_go() -> None:
    assert parse(X86) == [
        (
            "sum",
            (
                "xorps %xmm0, %xmm0",
                "movapd (%rip), %xmm8",
                "L0:",
                "addsd (%rdi,%rax,8), %xmm0",
                "callq",
                "shufps $0x1, %xmm1, %xmm1 # xmm1 = xmm1[1,0,0,0]",
                "jne <L0>",
                "retq",
            ),
        ),
        ("leaf", ("jmp <other>",)),
    ]


def test_only_the_named_functions_are_read() -> None:
    assert [name for name, _ in parse(X86, ["leaf"])] == ["leaf"]


def test_a_page_address_is_no_branch() -> None:
    ((_, lines),) = parse(ARM)
    assert lines == ("adrp x8, <get>", "L0:", "ldr x0, [x8]", "cbz x0, <L0>", "bl", "ret")
