"""What every page must be: well-formed, self-contained, and closed to whatever its names say."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})
DRAWN = frozenset({"path", "line", "use", "circle"})  # of SVG: empty where they close themselves
EVIL = "<script>alert('&\"x')</script>"


class Page(HTMLParser):
    """Reads a page strictly: elements close in order, ids are there once."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in DRAWN, f"<{tag}/> does not close itself in HTML"
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> of nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text of the page, as a reader sees it."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def checked(text: str) -> Page:
    """Read a page and check what holds of all of them."""
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert {"meta", "style", "main", "svg"} <= {tag for tag, _ in page.tags}
    assert not {"script", "img", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
    metas = page.all("meta")
    assert {"charset": "utf-8"} in metas
    policies = [each["content"] for each in metas if each.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} has {name}"
            if name in ("href", "src", "xlink:href", "action", "data"):
                assert value is not None
                assert value.startswith("#"), f"{tag} leads to {value}"
                assert value[1:] in ids, f"{tag} leads to {value}, which is not there"
            if name == "style":
                assert "url" not in (value or "")
        if tag == "svg" and attributes.get("role") == "img":
            assert attributes["aria-label"]
            assert not attributes["aria-label"].startswith(":"), "a label without what it labels"
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    assert "url(" not in text
    assert "@import" not in text
    return page
