"""Places: where the files of an output lie, while they are made and when they are whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.files import sync_folder

_ENDINGS = {
    "output": "",
    "rejects": ".rejects.jsonl",
    "changed": ".changed.jsonl",
    "summary": ".summary.json",
    "journal": ".journal",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """``target`` is the output; what is not whole yet lies in ``workshop``, of the same disk.

    With ``keep`` the journal stays in the workshop when the output is whole.
    """

    target: Path
    workshop: Path
    keep: bool = False

    def partial(self, part: str) -> Path:
        """Of a part that is being made: output, rejects, changed, summary or journal."""
        return self.workshop / f"{self.target.name}{_ENDINGS[part]}.partial"

    def packed(self) -> Path:
        """The output as Parquet or gzip, made of the rows."""
        return self.workshop / f"{self.target.name}.packed"

    def whole(self, part: str) -> Path:
        folder = self.workshop if self.keep and part == "journal" else self.target.parent
        return folder / f"{self.target.name}{_ENDINGS[part]}"

    def owns(self, path: Path) -> bool:
        """Whether a file is one of these, which are no input."""
        parts = (*_ENDINGS,)
        mine = {self.packed(), *map(self.partial, parts), *map(self.whole, parts)}
        return path in mine or path.resolve() in mine

    def put(self, part: str) -> None:
        """Let a part that is whole take its place; one that has taken it stays."""
        if self.partial(part).exists():
            self.partial(part).replace(self.whole(part))

    def remove(self, part: str) -> None:
        """Leave no such part, of this run or of an earlier one."""
        self.partial(part).unlink(missing_ok=True)
        self.whole(part).unlink(missing_ok=True)

    def sync(self) -> None:
        for folder in {self.target.parent, self.workshop}:
            sync_folder(folder)


def beside(output: str) -> Places:
    """Everything beside the output; through links: what they point at is replaced."""
    target = Path(output).resolve()
    return Places(target=target, workshop=target.parent)
