"""A partial: an output under way, which outlives a kill and is put in place when it is whole."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from labels.errors import StateError
from models.files import sha256, write_whole
from serving.fingerprint import Fingerprint
from serving.journal import Journal, State
from serving.packing import is_packed, kind_of, pack
from serving.places import Places
from serving.resuming import RefusedError
from serving.work import STREAMS, Work


@contextmanager
def alone(places: Places, output: str) -> Iterator[RawIOBase]:
    """The journal of an output, which no other run may write meanwhile.

    Raises:
        StateError: another run does.
    """
    path = places.partial("journal")
    with path.open("a+b", buffering=0) as file:
        if not _lock(file, path):
            fix = "Wait for it, or give another -o"
            raise RefusedError(output, "another run is writing it", fix)
        try:
            yield file
        finally:
            if _is_at(file, path) and not path.stat().st_size:
                path.unlink()  # it was refused, or had nothing to do


def _lock(file: RawIOBase, path: Path) -> bool:
    """Whether the file is ours, and still the one at its path: its writer may just have ended."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return _is_at(file, path)


def _is_at(file: RawIOBase, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


class Partial:
    """The streams of an output, and the journal of what of them is on disk."""

    def __init__(self, places: Places, file: RawIOBase, job: Fingerprint, state: State) -> None:
        self.state = state
        self._places = places
        self._journal = Journal(file)
        if state == State():
            self._journal.begin(job)
        else:
            self._journal.go_on()
        self._streams: dict[str, BinaryIO] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Open the streams at the end of what the journal knows of.

        Raises:
            StateError: one of them has not all that the journal knows of.
        """
        with ExitStack() as stack:
            self._streams = {name: stack.enter_context(self._opened(name)) for name in STREAMS}
            self._places.sync()  # or a power cut could leave a journal without its streams
            yield

    def _opened(self, name: str) -> BinaryIO:
        path, known = self._places.partial(name), self.state.sizes.get(name, 0)
        path.touch()
        if path.stat().st_size < known:
            what = "shorter than its journal says: somebody altered it, or the disk lost it"
            raise StateError(str(path), what, "Give --overwrite to start anew")
        file = path.open("r+b")
        file.truncate(known)
        file.seek(0, os.SEEK_END)
        return file

    def add(self, streams: Mapping[str, bytes], state: State) -> None:
        """Write what brings the job to a state; its sizes are counted here.

        Broken off in between, it has not come to that state.
        """
        sizes = {name: self.state.sizes.get(name, 0) for name in STREAMS}
        for name, data in streams.items():
            self._streams[name].write(data)
            sizes[name] += len(data)
        self.state = replace(state, sizes=sizes)

    def note(self) -> None:
        """Bring all that was written to disk, and say so in the journal."""
        for file in self._streams.values():
            file.flush()
            os.fsync(file.fileno())
        self._journal.note(self.state)

    def complete(self, work: Work) -> None:
        """Make of the rows what the output is to be, and say in the journal that it is whole."""
        rows, packed = self._places.partial("output"), self._places.packed()
        made = pack(rows, kind_of(self._places.target.name), work.scheme(), packed)
        self._places.sync()  # what the journal speaks of must be there after a power cut
        self.state = replace(self.state, sha256=sha256(packed if made else rows))
        self._journal.note(self.state)


def put_in_place(places: Places, state: State, summary: Mapping[str, object] | None) -> None:
    """Let all parts of a whole output take their places; what a kill broke off goes on here."""
    if _is_packed(places):
        places.packed().replace(places.partial("output"))
    for part in ("rejects", "changed"):
        if state.sizes.get(part):
            places.put(part)
        else:
            places.remove(part)
    if summary is None:
        places.remove("summary")
    else:
        text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n"
        write_whole(places.whole("summary"), text.encode())
    if state.counts.get("tagged"):
        places.put("output")
    else:
        places.partial("output").unlink(missing_ok=True)
    places.sync()
    places.put("journal")
    places.sync()


def _is_packed(places: Places) -> bool:
    return is_packed(kind_of(places.target.name)) and places.packed().exists()


def refuse_other(places: Places, state: State) -> None:
    """What an earlier run left to be put in place must be what it noted.

    Raises:
        StateError: it is not.
    """
    output = places.packed() if _is_packed(places) else places.partial("output")
    if state.counts.get("tagged") and output.exists() and sha256(output) != state.sha256:
        fix = "Give --overwrite to start anew"
        raise StateError(str(output), "not what its journal says", fix)


def discard(places: Places) -> None:
    """Remove what was written of an output that cannot be gone on with.

    Its rejects stay, where there are none of an output that stays.
    """
    rejects = places.partial("rejects")
    others = places.target.exists() and places.whole("rejects").exists()
    if rejects.exists() and rejects.stat().st_size and not others:
        places.put("rejects")
    for part in ("output", "rejects", "changed", "journal"):
        places.partial(part).unlink(missing_ok=True)
    places.packed().unlink(missing_ok=True)
