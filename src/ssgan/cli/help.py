"""Show help: in boxes on a terminal, as plain lines elsewhere. rich is imported only when help is shown."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

_SHOWN_AS_ABSENT = ("False", '""', "None")  # defaults that say nothing
_WIDEST_LABEL = 28  # characters: the text of a longer one begins on the next line


class HelpFormatter:
    """Formatter of help for cyclopts: its own on a terminal, two plain columns elsewhere."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print a panel of commands or options."""
        if not panel.entries:
            return
        if console.is_terminal:
            entries = [entry.copy(default=None) if entry.default in _SHOWN_AS_ABSENT else entry for entry in panel.entries]
            _usual()(console, options, panel.copy(entries=entries))
            return
        rows = [described(entry) for entry in panel.entries]
        width = min(_WIDEST_LABEL, max((len(label) for label, _ in rows), default=0))
        lines = [f"{panel.title}:"] if panel.title else []
        for label, text in rows:
            wrapped = textwrap.wrap(text, max(20, console.width - width - 4)) or [""]
            first = f"  {label.ljust(width)}  {wrapped.pop(0)}".rstrip() if len(label) <= width else f"  {label}"
            lines += [first, *(" " * (width + 4) + line for line in wrapped)]
        console.print("\n".join((*lines, "")), highlight=False, markup=False, soft_wrap=True)

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print the usage line."""
        _usual().render_usage(console, options, usage)

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Print what a command does."""
        _usual().render_description(console, options, description)


def described(entry: HelpEntry) -> tuple[str, str]:
    """Return the names of a command or an option with its value, and its help with choices and default, on one line."""
    text = _plain(entry.description)
    text += " [required]" if entry.required else ""
    text += f" [choices: {', '.join(entry.choices)}]" if entry.choices else ""
    text += f" [default: {entry.default}]" if entry.default is not None and entry.default not in _SHOWN_AS_ABSENT else ""
    return ", ".join(entry.display_labels_with_metavar), text


def _plain(text: Any) -> str:
    """Return what rich would print of a text, on one line."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=100_000, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(text or "", end="")
    return " ".join(capture.get().split())


def _usual() -> Any:
    from cyclopts.help.formatters import DefaultFormatter

    return DefaultFormatter()
