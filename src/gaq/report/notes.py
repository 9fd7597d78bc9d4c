"""Sentences about what is not whole, as many as a person reads."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 20


@dataclass
class Notes:
    """The first sentences about a file, and how many more there were."""

    kept: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, sentence: str) -> None:
        """Keep a sentence, or count it."""
        if len(self.kept) < MOST:
            self.kept.append(sentence)
        else:
            self.more += 1

    @property
    def said(self) -> list[str]:
        """What was kept, and the count of the rest."""
        return [*self.kept, f"and {self.more} more such lines."] if self.more else list(self.kept)
