"""What a test sees of a page."""

from __future__ import annotations

from html.parser import HTMLParser


class Seen(HTMLParser):
    """What a page asks a browser for, and what it says: tags in their order, addresses, ids, pictures without words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.pictures: list[str] = []
        self.ids: list[str] = []
        self.unnamed = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        self.pictures += [given["src"] or ""] if tag == "img" and "src" in given else []
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.unnamed += tag in ("img", "svg") and not (given.get("alt") or given.get("aria-label"))
