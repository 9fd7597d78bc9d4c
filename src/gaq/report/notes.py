"""A limited number of messages about incomplete data."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 20


@dataclass
class Notes:
    """The first messages about a file, and the number of others."""

    kept: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, sentence: str) -> None:
        """Store or count a message."""
        if len(self.kept) < MOST:
            self.kept.append(sentence)
        else:
            self.more += 1

    @property
    def said(self) -> list[str]:
        """Return the messages and the number of others."""
        return [*self.kept, f"and {self.more} more such lines."] if self.more else list(self.kept)
