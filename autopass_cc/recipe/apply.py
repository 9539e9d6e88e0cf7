"""Edits applied to a base pipeline: adaptors are added, left and removed so that the result is always well-nested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autopass_cc.errors import RecipeError
from autopass_cc.recipe.allowlist import AllowList, PassSpec, check_pipeline
from autopass_cc.recipe.edits import MAX_EDITS, Edit, Insert, Knob, Move, Remove, Replace, Set, canonical, checked
from autopass_cc.recipe.params import check_params, completed, with_param
from autopass_cc.recipe.tree import Node, Pipeline, render
from autopass_cc.recipe.words import Level, Mssa


@dataclass(eq=False, slots=True)
class _Item:
    """A node of the tree under work; `dead` ones hold their place as anchors and vanish at the end."""

    name: str
    params: str | None = None
    children: list[_Item] | None = None
    parent: _Item | None = None
    dead: bool = False

    def freeze(self) -> Node | None:
        if self.dead:
            return None
        if self.children is None:
            return Node(self.name, self.params)
        inner = tuple(node for node in (child.freeze() for child in self.children) if node)
        return Node(self.name, self.params, inner) if inner else None

    def adopt(self, items: Iterable[_Item]) -> None:
        self.children = list(items)
        for item in self.children:
            item.parent = self


@dataclass(eq=False, slots=True)
class _Work:
    """A mutable copy of the base, with its addresses; the root stands for the module list."""

    allow: AllowList
    root: _Item
    sites: dict[str, _Item] = field(default_factory=dict)

    # -- finding

    def find(self, address: str) -> _Item:
        item = self.sites.get(address)
        if item is None:
            raise RecipeError(f"There is no {address} in the base pipeline.")
        return item

    def free(self, item: _Item, address: str) -> _Item:
        """Refuse to touch what is pinned."""
        for inner in _below(item):
            if inner.children is None and self.allow.pinned(Node(inner.name, inner.params)):
                raise RecipeError(f"{address} must stay as it is: {inner.name} is not for tuning.")
        return item

    def target(self, edit: Remove | Move | Replace | Set) -> _Item:
        return self.free(self.find(edit.target), edit.target)

    # -- where things go

    def holds(self, parent: _Item) -> Level:
        return Level.MODULE if parent is self.root else self.allow.adaptors[parent.name].holds

    def level(self, item: _Item) -> tuple[Level, Mssa | None]:
        """Give the finest level of list the item can stand in, and what it asks of a loop adaptor."""
        if item.children is None:
            spec = self.allow.passes[item.name]
            return spec.level, spec.mssa
        return max(self.allow.adaptors[item.name].inside), None

    def place(self, item: _Item, at: str, anchor: _Item) -> None:
        """Put an item beside the anchor, outside adaptors that are too fine for it, inside new ones that it needs."""
        level, mssa = self.level(item)
        refused = {Mssa.REQUIRED: "loop", Mssa.LOST: "loop-mssa"}.get(mssa) if mssa else None
        while self.holds(_parent(anchor)) > level or _parent(anchor).name == refused:
            anchor = _parent(anchor)
        parent = _parent(anchor)
        wrapped = self.wrap(item, self.holds(parent), level, mssa)
        wrapped.parent = parent
        siblings = parent.children or []
        siblings.insert(siblings.index(anchor) + (at == "after"), wrapped)

    def wrap(self, item: _Item, holder: Level, level: Level, mssa: Mssa | None) -> _Item:
        if item.children is not None and holder in self.allow.adaptors[item.name].inside:
            return item
        if level is Level.LOOP and holder is not Level.LOOP:
            item = _around("loop-mssa" if mssa is Mssa.REQUIRED else "loop", item)
            level = Level.FUNCTION
        if level is Level.FUNCTION and holder < Level.FUNCTION:
            return _around("function", item)
        return _around("cgscc", item) if level is Level.CGSCC and holder is Level.MODULE else item

    # -- the edits

    def spec(self, name: str) -> PassSpec:
        spec = self.allow.passes.get(name)
        if spec is None:
            raise RecipeError(f"{name!r} is not a pass allowed for LLVM {self.allow.major}.")
        if spec.pinned:
            raise RecipeError(f"{name} is not for tuning.")
        return spec

    def fresh(self, name: str, params: str | None) -> _Item:
        spec = self.spec(name)
        params = completed(spec.params, params)
        check_params(name, spec.params, params)
        return _Item(name, params)

    def detach(self, item: _Item) -> None:
        """Leave a dead item in the old place, which keeps it findable as a place until the end."""
        siblings = _parent(item).children or []
        siblings[siblings.index(item)] = _Item(item.name, None, None, item.parent, dead=True)

    def run(self, edit: Edit) -> None:
        match edit:
            case Set():
                item = self.find(edit.target)
                if item.children is None:
                    self.free(item, edit.target)
                spec = (self.allow.passes.get(item.name) or self.allow.adaptors[item.name]).params
                item.params = with_param(item.name, spec, item.params, edit.param, edit.value)
            case Replace():
                self.replace(self.target(edit), edit)
            case Move():
                item, anchor = self.target(edit), self.find(edit.anchor)
                if any(inner is anchor for inner in _below(item)):
                    raise RecipeError(f"{edit.target} cannot be moved next to itself or into itself.")
                self.detach(item)
                self.place(item, edit.at, anchor)
            case Insert():
                self.place(self.fresh(edit.name, edit.params), edit.at, self.find(edit.anchor))
            case Remove():
                self.target(edit).dead = True
            case Knob():
                raise RecipeError("A knob does not change the pipeline.")

    def replace(self, item: _Item, edit: Replace) -> None:
        if item.children is not None:
            raise RecipeError(f"{edit.target} is an adaptor: replace the passes in it.")
        new = self.fresh(edit.name, edit.params)
        if self.level(new) == self.level(item):
            item.name, item.params = new.name, new.params
            return
        self.place(new, "after", item)
        item.dead = True


def _parent(item: _Item) -> _Item:
    if item.parent is None:
        raise RecipeError("Nothing can stand beside the whole pipeline.")
    return item.parent


def _below(item: _Item) -> Iterable[_Item]:
    stack = [item]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(top.children or ())


def _around(name: str, item: _Item) -> _Item:
    adaptor = _Item(name)
    adaptor.adopt([item])
    return adaptor


def _thaw(nodes: Sequence[Node], sites: dict[str, _Item], seen: dict[str, int]) -> list[_Item]:
    items = []
    for node in nodes:
        item = _Item(node.name, node.params)
        seen[node.name] = seen.get(node.name, 0) + 1
        sites[f"{node.name}#{seen[node.name]}"] = item
        if node.children is not None:
            item.adopt(_thaw(node.children, sites, seen))
        items.append(item)
    return items


def _check_conflicts(edits: Sequence[Edit]) -> None:
    """Refuse lists that say two things about one node."""
    claims: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        if isinstance(edit, Insert):
            continue
        target = edit.name if isinstance(edit, Knob) else edit.target
        what = edit.param if isinstance(edit, Set) else edit.op
        if (target, what) in claims:
            raise RecipeError(f"Two edits {edit.op!r} of {target}.")
        claims[target, what] = edit
    whole = {edit.target: edit.op for edit in edits if isinstance(edit, Remove | Replace)}
    for edit in edits:
        if isinstance(edit, Remove | Replace | Move | Set) and whole.get(edit.target, edit.op) != edit.op:
            raise RecipeError(f"{edit.target} cannot be edited by {edit.op!r} and by {whole[edit.target]!r} at once.")


def check_list(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Give edits in canonical order; raises RecipeError when they are too many, malformed or contradict one another."""
    if len(edits) > MAX_EDITS:
        raise RecipeError(f"{len(edits)} edits; the limit is {MAX_EDITS}.")
    ordered = canonical(map(checked, edits))
    _check_conflicts(ordered)
    return ordered


def apply(base: Pipeline, edits: Sequence[Edit], allow: AllowList) -> Pipeline:
    """Give the base with all edits except knobs applied.

    Raises RecipeError if they do not fit or the result is not allowed. The order of the list does not matter, except
    among inserts at one place.
    """
    ordered = [edit for edit in check_list(edits) if not isinstance(edit, Knob)]
    check_pipeline(allow, base)
    work = _Work(allow, _Item(""))
    work.root.adopt(_thaw(base.nodes, work.sites, {}))
    # what is inserted after one anchor is put there backwards, and so ends up in the order given
    late = [edit for edit in ordered if isinstance(edit, Insert) and edit.at == "after"]
    last = [edit for edit in ordered if isinstance(edit, Remove)]
    first = [edit for edit in ordered if edit not in late and edit not in last]
    for edit in (*first, *reversed(late), *last):
        work.run(edit)
    frozen = work.root.freeze()
    if frozen is None or not frozen.children:
        raise RecipeError("Nothing is left of the pipeline.")
    result = Pipeline(frozen.children)
    check_pipeline(allow, result)
    render(result)
    return result
