"""What a model is told: its task, the evidence of one module, what may be changed, and what came of what was tried.

Each round is a conversation of its own, so that prompts stay as small as the module and its history are; questions
and their answers are appended within a round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from autopass_cc.agents.minds.protocol import MODEL, Situation, Tried
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.allowlist import KnobSpec
from autopass_cc.recipe.edits import text_of
from autopass_cc.recipe.neighbours import Menu, idle, switch
from autopass_cc.recipe.tree import Node, Pipeline
from autopass_cc.recipe.words import KnobType, Level, Stage
from autopass_cc.share import Share

NAMED = 8  # digits of a recipe's digest that name a candidate
ABOUT_THE_RECIPE = frozenset({Verdict.SAME_CODE, Verdict.SLOW_TO_COMPILE})  # verdicts whose detail is told
BEST, LATEST, FAILED = 4, 8, 10  # candidates of the history that are told

TASK = """You tune the LLVM pass pipeline of one C or C++ module. Propose small edits to the pipeline that clang uses for it now \
(the base), so that the program runs faster. Each proposal is compiled, checked (same output, same symbols, same \
diagnostics) and timed against the base; what is slower is dropped, so a bold proposal costs nothing but its turn.

Answer with one JSON object and nothing else:
{"queries": [...], "proposals": [{"hypothesis": "...", "evidence": ["e1"], "edits": [...], "expected": "...", \
"risk": "low|medium|high"}]}

Edits:
{"op": "knob", "name": NAME, "value": VALUE, "try": [OTHER VALUES]}    one LLVM option; the others are tried for you
{"op": "insert", "pass": PASS, "at": "before|after", "anchor": SITE, "params": null}
{"op": "remove", "target": SITE}
{"op": "move", "target": SITE, "at": "before|after", "anchor": SITE}
{"op": "replace", "target": SITE, "pass": PASS, "params": null}
{"op": "set", "target": SITE, "param": PARAMETER, "value": VALUE}
A SITE is name#k, the k-th pass of that name in the base. Only the names below exist here. Nothing else is legal: no new \
pipelines, no command lines.

Rules of the craft:
- 3 to 5 proposals, each with one idea, and different from one another: a lever alone tells more than five at once.
- A hypothesis says what in the machine code will change and why that saves time; name the evidence (ids) it rests on.
- `expected` is what you think it will do to the time of the program, for example "-3 %".
- Thresholds work both ways: less inlining, unrolling or vectorising can be faster (short trip counts, register pressure).
- Learn from results: keep what gained, add to it, undo what a diagnosis blames, do not repeat what failed.
"""
QUESTIONS = """Instead of proposals you may first ask the compiler (up to 4 questions in `queries`, `proposals` empty); the \
answers come in the next message. Question forms:
{forms}
"""
LAST_TURN = "No more questions now: answer with proposals."


def task(forms: Sequence[str]) -> str:
    """Return the system message; `forms` are the questions that may be asked, one line of JSON each."""
    return TASK + ("\n" + QUESTIONS.format(forms="\n".join(forms)) if forms else '\nLeave "queries" empty.\n')


def unusable(why: str) -> str:
    """Return the message after an answer that is no JSON object of the wanted form."""
    return f"Your last answer could not be used: {why} Answer with one JSON object of the given form, and nothing else."


def opening(
    evidence: str, situation: Situation, round_: int, rounds: int, notes: Sequence[str], share: Share = Share.REMARKS
) -> str:
    """Return the message that opens a round: evidence (a pack's text), what may be changed, what was tried.

    Of the results no more is told than `share` allows, as of the evidence.
    """
    parts = [
        f"## Evidence\n{evidence}",
        f"## Base pipeline (sites by name#k, in order)\n{pipeline_text(situation.base)}",
        f"## Passes that may be inserted\n{passes_text(situation.menu)}",
        f"## Knobs (name=default where one is known, range, [values worth trying])\n{knobs_text(situation.menu, situation.base)}",
        f"## Results so far\n{history_text(situation, share)}",
    ]
    if notes:
        parts.append("## About your last answer\n" + "\n".join(f"- {note}" for note in notes))
    parts.append(f"Round {round_} of {rounds}. Your proposals?")
    return "\n\n".join(parts)


def pipeline_text(base: Pipeline) -> str:
    """Return the base as one line with a number at each pass; runs of parameters are left out."""
    seen: dict[str, int] = {}

    def one(node: Node) -> str:
        seen[node.name] = seen.get(node.name, 0) + 1
        label = f"{node.name}#{seen[node.name]}"
        if node.children is None:
            return label
        return f"{node.name}({' '.join(one(child) for child in node.children)})"

    return " ".join(one(node) for node in base.nodes)


def passes_text(choice: Menu) -> str:
    """Return the passes that may be inserted, a line for each level of IR."""
    ordered = sorted(choice.passes, key=lambda spec: (spec.level, spec.name))
    lines = [(level, [spec.name for spec in group]) for level, group in groupby(ordered, key=lambda spec: spec.level)]
    return "\n".join(f"{Level(level).word}: {' '.join(names)}" for level, names in lines)


def knobs_text(choice: Menu, base: Pipeline) -> str:
    """Return the knobs, a line for each group; those that need an inserted pass stand with its name."""
    offered = {spec.name for spec in choice.passes}
    lines: dict[str, list[str]] = {}
    for spec in choice.knobs:
        if not spec.tries:  # comes into recipes by itself
            continue
        if not idle(spec, switch(spec, choice), base):
            lines.setdefault(spec.group, []).append(_knob(spec, choice))
        elif spec.needs_pass in offered:
            lines.setdefault(f"with an inserted {spec.needs_pass}", []).append(_knob(spec, choice))
    construct = [spec.name for spec in choice.knobs if spec.stage is Stage.CONSTRUCT]
    text = "\n".join(f"{group}: {'; '.join(found)}" for group, found in lines.items())
    return f"{text}\nOnly beside knobs, never beside edits of passes: {' '.join(construct)}" if construct else text


def _knob(spec: KnobSpec, choice: Menu) -> str:
    default = choice.defaults.get(spec.name)
    name = f"{spec.name}={default}" if default else spec.name
    if spec.type is KnobType.BOOL:
        return f"{name} [{','.join(spec.tries)}]"
    if spec.type is KnobType.INT:
        return f"{name} {spec.low}..{spec.high} [{','.join(spec.tries)}]"
    return f"{name} [{','.join(spec.values)}]"


def history_text(situation: Situation, share: Share = Share.REMARKS) -> str:
    """Return what was tried: the best, the latest of the model's own with their diagnoses, and what failed."""
    history = situation.history
    if not history and not situation.memory:
        return "nothing was tried yet"
    best = situation.gains()[:BEST]
    own = [tried for tried in history if tried.proposal.mind.startswith(MODEL) and tried not in best][-LATEST:]
    defects = [tried for tried in (*situation.memory, *history) if tried.verdict.is_defect and tried not in own][-FAILED:]
    remembered = sorted((t for t in situation.memory if t.screened is not None), key=lambda t: t.screened or 0.0)
    heard = any(tried.verdict is not Verdict.NOT_TRIED for tried in history)
    without = "nothing was faster than the base yet" if heard else "nothing is known of what was proposed"
    sections = [
        ("fastest so far" if best else without, best),
        ("your other proposals", own),
        ("from earlier runs", [t for t in (*remembered[:2], *remembered[2:][-2:]) if t not in defects]),
        ("failed: do not repeat", defects),
    ]
    lines = []
    for title, group in sections:
        if group or title == without:
            lines.append(f"{title}{':' if group else '.'}")
            lines += [_line(tried, share) for tried in group]
    return "\n".join(lines)


def _line(tried: Tried, share: Share) -> str:
    text = f"- {tried.recipe[:NAMED] or 'candidate'}: {', '.join(map(text_of, tried.proposal.edits))}: {_outcome(tried)}"
    named = share is not Share.STATS
    if tried.proposal.mind == MODEL and named:  # words of a run in which more was shared may be among them
        expected = f"; you expected {tried.proposal.expected}" if tried.proposal.expected else ""
        text += f" (your hypothesis: {tried.proposal.hypothesis}{expected})"
    if tried.diagnosis is not None:
        found = tried.diagnosis
        where = f" ({found.function})" if found.function and named else ""
        text += f"\n  diagnosis: {found.cause}{where}. {'; '.join([*found.numbers, *(found.changes if named else ())])}"
        text += f"\n  undo: {', '.join(found.undo)}" if found.undo else ""
    return text


def _outcome(tried: Tried) -> str:
    if tried.screened is not None:
        return f"time {math.expm1(tried.screened) * 100:+.1f} %"
    if tried.verdict is Verdict.NOT_TRIED:
        return "no result is told"
    # What went wrong may quote a diagnostic, which shows source, or what the program printed.
    return f"{tried.verdict.value} {tried.detail if tried.verdict in ABOUT_THE_RECIPE else ''}".strip()
