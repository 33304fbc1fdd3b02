"""Ears: who hears what was done with the files of an inbox, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labels.errors import InputError
from serving.outbox import Result

_ENDINGS = ".json, .jsonl, .csv (.gz) or .parquet"
_SHOWN = 5  # names in a line about many files

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ears:
    """Lines go to ``hear``, and those about what was not done to ``worry``.

    That nobody can hear, for want of a disk or of a terminal, is no reason to end.
    """

    hear: Say
    worry: Say

    def say(self, line: str) -> None:
        with suppress(OSError):
            self.hear(line)

    def complain(self, line: str) -> None:
        with suppress(OSError):
            self.worry(line)

    def tell(self, result: Result, took: str) -> None:
        """What came of a file, and how long it ``took``."""
        name, counts = result.entry.name, result.counts
        tagged, rejected = counts.get("tagged", 0), counts.get("rejected", 0)
        if not tagged:
            what = ": ".join(["nothing could be tagged", *result.reasons])
            self.complain(str(InputError(name, what, f"Mend it, by {result.rejects}")))
            return
        parts = [f"{tagged:,} tagged", f"{counts.get('review', 0):,} for review"]
        parts += [f"{rejected:,} rejected"] if rejected else []
        other = f", in {result.target.name}" if result.entry.number > 1 else ""
        self.say(f"{name}: {', '.join(parts)}{took}{other}")

    def left_alone(self, folder: Path, names: Sequence[str]) -> None:
        """Files whose endings are none of ours, in one line."""
        if not names:
            return
        where, what = str(folder / names[0]), "left alone, for its ending is none of ours"
        if len(names) > 1:
            shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            where = str(folder)
            what = f"{len(names):,} files are left alone, for their endings are none of ours"
            what += f" ({shown})"
        fix = "Give it a name" if len(names) == 1 else "Give them names"
        self.complain(str(InputError(where, what, f"{fix} in {_ENDINGS}")))
