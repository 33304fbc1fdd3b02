"""Runs of ``newstag tag`` whose disk is full, read-only or not theirs, and that go on afterwards.

    sudo .venv/bin/python -m benchmarks.full_disk [--articles 20000]

Needs root and Linux: the disks are tmpfs, mounted here. Every run that cannot go on must end with
1 and one line that says so, no traceback; what was done must be kept, or nothing left where nothing
was done; and once there is room ``--resume`` must end with the bytes of a run that nothing stopped.
Prints what was said. Ends with 1 where anything is not so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.many import rows_of, write_many, write_rows
from benchmarks.processes import end, end_when_told
from benchmarks.subject import starter_corpus, trained_version
from benchmarks.tagging import Said, Tagging

_KINDS = ("jsonl", "csv", "parquet", "jsonl.gz")
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
_KIB = 1024
_ROOM = 24 * _KIB  # of a tmpfs for the journal, and for pages that are not full


@dataclass(kw_only=True)
class Trials:
    """Trials in a folder, with two halves of the articles beside it and what was found."""

    folder: Path
    store: Path
    halves: tuple[Path, Path]
    faults: list[str] = field(default_factory=list)

    def tagging(self, output: Path) -> Tagging:
        return Tagging(inputs=self.halves, output=output, store=self.store, words=["--jobs", "2"])

    def check(self, name: str, fault: str, holds: object) -> None:
        if not holds:
            self.faults.append(f"{name}: {fault}")

    def refused(self, name: str, said: Said, *told: str) -> None:
        """It must have ended with 1 and one line, notes apart, which holds what is ``told``."""
        print(f"{name}\n  {said.code}: {said.text.strip() or 'nothing said'}", flush=True)
        self.check(name, f"it ended with {said.code}", said.code == 1)
        self.check(name, "a traceback", "Traceback" not in said.text)
        lines = [line for line in said.lines if not line.startswith("note: ")]
        self.check(name, f"{len(lines)} lines", len(lines) == 1)
        for part in told:
            self.check(name, f"it does not say '{part}'", part in said.text)

    def resumed(self, name: str, tagging: Tagging, reference: Path) -> None:
        """It must go on, and end with the bytes of the reference and nothing else."""
        said = tagging.run("--resume")
        self.check(name, f"--resume ended with {said.code}: {said.text}", said.code == 0)
        same = tagging.output.exists() and tagging.output.read_bytes() == reference.read_bytes()
        self.check(name, "another output after --resume", same)
        left = tagging.left_behind()
        wanted = [tagging.output.name, f"{tagging.output.name}.journal"]
        self.check(name, f"left after --resume: {', '.join(left)}", left == wanted)
        print(f"  --resume: {'the same bytes' if same else 'OTHER BYTES'}", flush=True)


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs of its own."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"mode=755,{options}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))
        folder.rmdir()


def remount(folder: Path, options: str) -> str:
    """What was said against it; empty where it was done."""
    return _run("mount", "-o", f"remount,{options}", str(folder))


def _mount(*words: str) -> None:
    said = _run("mount", *words)
    if said:
        sys.exit(f"a tmpfs cannot be mounted here: {said}")


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    return done.stderr.strip() if done.returncode else ""


def full_in_the_middle(trials: Trials, kind: str, reference: Path, size: int, when: str) -> None:
    name = f"{kind}, disk full {when}"
    with disk(trials.folder / "disk", f"size={size}") as folder:
        tagging = trials.tagging(folder / reference.name)
        trials.refused(name, tagging.run(), "No space left on device")
        done, kept = tagging.done(), tagging.left_behind()
        print(f"  {size // _KIB} KiB; {done} articles kept in {', '.join(kept)}")
        trials.check(name, "nothing was kept", done)
        trials.refused(f"{name}, again", tagging.run("--resume"), "No space left on device")
        trials.check(name, "less is kept than before", tagging.done() >= done)
        remount(folder, "size=1g")
        trials.resumed(name, tagging, reference)


def full_from_the_start(trials: Trials, kind: str, reference: Path) -> None:
    name = f"{kind}, disk full before the first byte"
    with disk(trials.folder / "disk", f"size={256 * _KIB}") as folder:
        filler = folder / "filler"
        filler.write_bytes(b"x" * 256 * _KIB)
        tagging = trials.tagging(folder / reference.name)
        trials.refused(name, tagging.run(), "No space left on device")
        print(f"  left: {', '.join(tagging.left_behind()) or 'nothing'}")
        filler.unlink()
        remount(folder, "size=1g")
        trials.resumed(name, tagging, reference)


def no_file_more(trials: Trials, reference: Path) -> None:
    with disk(trials.folder / "disk", "nr_inodes=1") as folder:
        tagging = trials.tagging(folder / reference.name)
        trials.refused("a disk without room for a file", tagging.run(), "No space left on device")


def read_only(trials: Trials, reference: Path) -> None:
    name = "a read-only disk"
    with disk(trials.folder / "disk", "size=1g") as folder:
        remount(folder, "ro")
        tagging = trials.tagging(folder / reference.name)
        trials.refused(name, tagging.run(), "Read-only file system")
        trials.check(name, "something was left", not tagging.left_behind())


def read_only_in_the_middle(trials: Trials, reference: Path) -> None:
    """A system refuses that while files are open to be written."""
    name = "read-only in the middle"
    with disk(trials.folder / "disk", "size=1g") as folder:
        tagging = trials.tagging(folder / reference.name)
        said = _begun(trials, tagging, lambda: remount(folder, "ro"))
        if isinstance(said, str):
            print(f"{name}\n  the system does not do it: {said}")
            return
        trials.refused(name, said, "Read-only file system")
        remount(folder, "rw")
        trials.resumed(name, tagging, reference)


def input_gone(trials: Trials, reference: Path) -> None:
    """The second half goes while the first is read, and comes back."""
    name = "an input that goes while another is read"
    away = trials.folder / "away"
    tagging = trials.tagging(trials.folder / f"gone.{reference.name}")
    second = trials.halves[1]
    said = _begun(trials, tagging, lambda: str(second.rename(away) and ""))
    if isinstance(said, Said):
        trials.refused(name, said, second.name, "no such file")
    trials.check(name, "nothing was kept", tagging.done())
    again = tagging.run("--resume")
    trials.refused(f"{name}, and is not back", again, second.name, "no such file")
    away.rename(second)
    trials.resumed(name, tagging, reference)
    tagging.forget()


def _begun(trials: Trials, tagging: Tagging, then: Callable[[], str]) -> Said | str:
    """How a run ends to which something is done once it has written; it ends where that fails."""
    told = trials.folder / "told.txt"
    run = Tagging(
        inputs=tagging.inputs,
        output=tagging.output,
        store=tagging.store,
        words=tagging.words,
        told=told,
    )
    process = run.begin()
    try:
        while process.poll() is None and not run.done():
            time.sleep(0.02)
        refused = then()
        if refused:
            return refused
        return Said(code=process.wait(), text=told.read_text("utf-8", "replace"))
    finally:
        end(process)


def no_folder(trials: Trials) -> None:
    name = "a folder that is not there"
    tagging = trials.tagging(trials.folder / "missing" / "out.jsonl")
    trials.refused(name, tagging.run(), "No such file or directory")
    trials.check(name, "it was made", not tagging.output.parent.exists())


def no_permission(trials: Trials) -> None:
    if not shutil.which(_NOBODY[0]):
        print("no setpriv here: not tried as another user")
        return
    folder = trials.folder / "ours"
    folder.mkdir(mode=0o755)
    name, output = "a folder of another user", folder / "out.jsonl"
    tagging = Tagging(inputs=trials.halves, output=output, store=trials.store, before=_NOBODY)
    trials.refused(name, tagging.run(), "Permission denied")
    trials.check(name, "something was left", not tagging.left_behind())
    trials.halves[0].chmod(0o600)
    output = trials.folder / "theirs" / "out.jsonl"
    output.parent.mkdir()
    os.chown(output.parent, 65534, 65534)
    tagging = Tagging(inputs=trials.halves, output=output, store=trials.store, before=_NOBODY)
    trials.refused("an input of another user", tagging.run(), "permission denied")
    trials.check("an input of another user", "something was left", not tagging.left_behind())
    trials.halves[0].chmod(0o644)


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(description="Tag onto disks that are full or read-only.")
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--store", type=Path)
    options = parser.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("this mounts disks of its own, which takes Linux and root")
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # for nobody to look into
        store = options.store or folder / "store"
        if not options.store:
            trained_version(store, starter_corpus())
        trials = Trials(folder=folder, store=store, halves=_halves(folder, options.articles))
        for kind in _KINDS:
            _of_kind(trials, kind)
        reference = folder / "out.jsonl"
        no_file_more(trials, reference)
        read_only(trials, reference)
        read_only_in_the_middle(trials, reference)
        input_gone(trials, reference)
        no_folder(trials)
        no_permission(trials)
    faults = trials.faults
    print("\n".join(["", *faults]) if faults else "\nevery run said what stopped it, and went on")
    sys.exit(1 if faults else 0)


def _of_kind(trials: Trials, kind: str) -> None:
    """Full while rows are written, while they are packed, and from the start."""
    whole = trials.tagging(trials.folder / f"out.{kind}")
    whole.must()
    rows = _bytes_of_rows(trials, kind)
    full_in_the_middle(trials, kind, whole.output, rows // 2 + _ROOM, "in the middle")
    if kind in {"parquet", "jsonl.gz"}:
        size = rows + whole.output.stat().st_size // 4 + _ROOM
        full_in_the_middle(trials, kind, whole.output, size, "at the last step")
    full_from_the_start(trials, kind, whole.output)


def _bytes_of_rows(trials: Trials, kind: str) -> int:
    """Of the rows that an output is made of: those of JSONL or CSV."""
    name = "out.jsonl" if kind.startswith("jsonl") else "out.csv"
    return (trials.folder / name).stat().st_size


def _halves(folder: Path, count: int) -> tuple[Path, Path]:
    made, first, second = (folder / f"{name}.jsonl" for name in ("made", "first", "second"))
    write_many(made, count)
    rows = list(rows_of(made))
    write_rows(first, rows[: count // 2])
    write_rows(second, rows[count // 2 :])
    made.unlink()
    return first, second


if __name__ == "__main__":
    main()
