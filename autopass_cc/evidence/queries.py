"""Questions to the compiler about one module: a closed set, read strictly, answered within bounds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from autopass_cc.errors import QueryError, RecipeError
from autopass_cc.evidence import mca
from autopass_cc.evidence.bodies import bodies
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.difference import LIMIT, ObjectFacts, bounded, compare, facts
from autopass_cc.evidence.items import items
from autopass_cc.paths import private_dir
from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, run
from autopass_cc.recipe.recipe import Recipe, identity
from autopass_cc.recipe.tree import Pipeline
from autopass_cc.share import Share
from autopass_cc.toolchain.describe import Toolchain

LINES = {"remarks": 25, "ir": 60, "assembly": 60, "pass_diff": 50, "candidate": 60}  # of an answer: about 1,000 tokens
WIDTH = 160  # characters of a line
FORMS = {
    "remarks": '{"ask": "remarks", "function": NAME, "pass": PASS or null}: what passes did and refused there',
    "candidate": '{"ask": "candidate", "candidate": ID, "function": NAME}: what a candidate changed there',
    "assembly": '{"ask": "assembly", "function": NAME}: its instruction mix, its hot loop, llvm-mca on it',
    "ir": '{"ask": "ir", "function": NAME, "site": SITE or "start" or "end"}: its IR after that pass of the base',
    "pass_diff": '{"ask": "pass_diff", "function": NAME, "site": SITE}: what that pass changed in it',
}
ALLOWED = {
    Share.STATS: (),
    Share.REMARKS: ("remarks", "candidate"),
    Share.IR: tuple(FORMS),
}
_METADATA = re.compile(r",? !\w+ !\d+|,? #\d+(?= \{|$)|, align \d+| ?#dbg_\w+\(.*\)$")


def forms(share: Share) -> list[str]:
    """Return the questions that may be asked where so much may be shared, one line each."""
    return [FORMS[kind] for kind in ALLOWED[share]]


class Answerer:
    """Answers questions about a module. `recipe_of` finds a candidate by the first digits of its digest."""

    def __init__(
        self,
        builder: Builder,
        module: Module,
        toolchain: Toolchain,
        evidence: Evidence,
        base: Pipeline,
        share: Share,
        recipe_of: Callable[[str], Recipe | None],
    ) -> None:
        self._builder, self._module, self._toolchain = builder, module, toolchain
        self._evidence, self._base, self._recipe_of = evidence, base, recipe_of
        self._share, self._allowed = share, ALLOWED[share]
        self._plain: ObjectFacts | None = None
        self._listings: dict[str, str] = {}

    @property
    def forms(self) -> list[str]:
        """Return the questions that may be asked, one line each."""
        return forms(self._share)

    def answer(self, question: Mapping[str, object]) -> str:
        """Return the answer, or why there is none. Never raises for what was asked."""
        kind = question.get("ask")
        if not isinstance(kind, str) or kind not in self._allowed:
            return f"There is no such question; there are {', '.join(self._allowed) or 'none'}."
        answers: Mapping[str, Callable[[Mapping[str, object]], Sequence[str]]] = {
            "remarks": self._remarks,
            "ir": self._ir,
            "assembly": self._assembly,
            "pass_diff": self._pass_diff,
            "candidate": self._candidate,
        }
        try:
            lines = answers[kind](question)
        except (QueryError, RecipeError) as problem:
            return problem.sentence
        return bounded([line[:WIDTH] for line in lines], LINES[kind]) or "nothing"

    def _function(self, question: Mapping[str, object], known: Sequence[str]) -> str:
        name = question.get("function")
        if isinstance(name, str) and name in known:
            return name
        close = difflib.get_close_matches(str(name)[:100], known, n=3, cutoff=0.5) or list(known)[:5]
        raise QueryError(f"There is no function {str(name)[:60]!r} here; there are {', '.join(close) or 'none'}.")

    def _remarks(self, question: Mapping[str, object]) -> list[str]:
        found = items(self._evidence)
        name = self._function(question, list(dict.fromkeys(item.function for item in found)))
        wanted = question.get("pass")
        return [
            f"{item.id} {item.text}" + (f" x{item.count}" if item.count > 1 else "")
            for item in found
            if item.function == name and (not isinstance(wanted, str) or wanted == item.pass_name)
        ]

    def _ir(self, question: Mapping[str, object]) -> list[str]:
        site = question.get("site")
        return self._body(question, self._listing(site if isinstance(site, str) else "end", inclusive=True))

    def _pass_diff(self, question: Mapping[str, object]) -> list[str]:
        site = str(question.get("site"))
        before = self._body(question, self._listing(site, inclusive=False))
        after = self._body(question, self._listing(site, inclusive=True))
        found = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
        return found or [f"{site} changed nothing in it"]

    def _body(self, question: Mapping[str, object], listing: str) -> list[str]:
        """Return the lines of a function in a listing, without metadata."""
        found = {body.name: body.whole for body in bodies(listing)}
        lines = found[self._function(question, list(found))].splitlines()
        return [text for line in lines if (text := _METADATA.sub("", line).rstrip())]

    def _listing(self, site: str, *, inclusive: bool) -> str:
        """Return the module's IR after (`inclusive`) or before a site of the base pipeline; raises QueryError."""
        key = f"{site} {inclusive}"
        if key not in self._listings:
            out = private_dir(self._builder.place / "queries") / "x.ll"
            out.unlink(missing_ok=True)
            extra = ["-S", "-emit-llvm"]
            arguments: list[str] = []
            if site == "start":
                extra += ["-Xclang", "-disable-llvm-passes"]
            elif site != "end":
                part = self._base.until(site, inclusive=inclusive)
                if not part.nodes:
                    return self._listing("start", inclusive=True)
                level = self._evidence.level
                arguments = self._builder.recipe_arguments(identity(str(part), level, self._toolchain.major))
            done = run(compile_argv(self._module.record, out, arguments, extra), self._module.record, limit=LIMIT)
            if not done.ok or not out.exists():
                raise QueryError(f"The module could not be compiled up to {site}.")
            self._listings[key] = out.read_text("utf-8", "replace")
        return self._listings[key]

    def _before(self) -> ObjectFacts:
        if self._plain is None:
            self._plain = facts(self._builder, self._module, self._toolchain, None)
        return self._plain

    def _assembly(self, question: Mapping[str, object]) -> list[str]:
        code = self._before().code
        found = code[self._function(question, list(code))]
        loop = found.hot_loop()
        mixed = ", ".join(f"{name} {count}" for name, count in found.mix.to_json().items())
        return [f"{found.size} bytes: {mixed}", mca.analyse(self._toolchain, loop), *(loop or found.lines)]

    def _candidate(self, question: Mapping[str, object]) -> list[str]:
        recipe = self._recipe_of(str(question.get("candidate"))[:32])
        if recipe is None:
            raise QueryError("There is no such candidate; name one by the id that the results show.")
        after = facts(self._builder, self._module, self._toolchain, recipe)
        if not after.code:
            raise QueryError("That candidate does not compile.")
        name = self._function(question, list(self._before().code))
        change = compare(self._before(), after, [name])
        told = [f"module: {change.size[0]} -> {change.size[1]} bytes"]
        if name in after.code:
            found = change.functions[0]
            told.append(f"{name}: {', '.join(found.words) or 'unchanged'}")
            told += found.hot_loop().splitlines() if self._share is Share.IR else []
        else:
            told.append(f"{name} is no function of its own there")
        return [*told, *change.remarks()]
