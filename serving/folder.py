"""An output folder: the parts of an output in some store, and what is known of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from labels.errors import StateError
from serving.locations import Location, is_url
from serving.packing import kind_of
from serving.storage import Storage
from serving.work import STREAMS

_OURS = "_newstag"
_FORMAT = 1
_AT_ONCE = 32  # small files that are read at the same time
_PIECE = 1024 * 1024
_PART = re.compile(r"part-\d{5,}(\.[A-Za-z.]+)?")
_BESIDE = {"rejects": ".rejects.jsonl", "changed": ".changed.jsonl", "summary": ".summary.json"}


class AnotherRunError(StateError):
    """The folder is not that of this run, as far as can be seen from here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A part that is done: its counts, the lines it read, and the bytes of its files by stream.

    ``run`` is the one that it was done for, ``sha256`` is that of the part of the output.
    """

    number: int
    run: str = ""
    lines: int = 0
    sha256: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """The folder at a location, with the names of everything in it."""

    place: Location

    @property
    def kind(self) -> str:
        """The ending of the parts."""
        name = self.place.path if is_url(self.place.name) else self.place.name
        return kind_of(PurePosixPath(name).name)

    @property
    def storage(self) -> Storage:
        return self._storage("attempts")

    def _storage(self, attempts: str) -> Storage:
        return Storage(fs=self.place.fs, name=self.place.name, attempts=self._ours(attempts))

    def owns(self, file: Location) -> bool:
        """Whether a file is in the folder, or one of those beside it."""
        real, root = (one.fs.unstrip_protocol(one.path) for one in (file, self.place))
        beside = {f"{root}{ending}" for ending in _BESIDE.values()}
        return real in beside or real.startswith(f"{root}/")

    def part(self, number: int, stream: str = "output") -> str:
        """Where a part of a stream lies."""
        if stream == "output":
            return f"{self.place.path}/part-{number:05}{self.kind}"
        return f"{self._ours(stream)}/part-{number:05}.jsonl"

    def _record(self, number: int) -> str:
        return f"{self._ours('parts')}/part-{number:05}.json"

    def _ours(self, name: str) -> str:
        return f"{self.place.path}/{_OURS}/{name}"

    def refuse_stranger(self) -> None:
        """A folder with anything in it that is not of a run like ours.

        Raises:
            StateError: it is one, or no folder.
        """
        fs, name, fix = self.place.fs, self.place.name, "Give another -o"
        with self.storage.told():
            fs.invalidate_cache()
            if fs.isfile(self.place.path):
                what = "a file, where --dask writes a folder"
                raise StateError(name, what, f"{fix}, or remove it")
        names = [PurePosixPath(path).name for path in self.storage.names(self.place.path)]
        other = next((n for n in names if n != _OURS and not _PART.fullmatch(n)), None)
        if other is not None:
            raise StateError(name, f"a folder with other files ({other})", fix)

    def exists(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.storage.names(self.place.path))

    def begin(self, note: Mapping[str, object]) -> None:
        """Make it, and say of which job it is."""
        with self.storage.told():
            for name in ("parts", "attempts", "rejects", "changed"):
                self.place.fs.makedirs(self._ours(name), exist_ok=True)
        self.note(note)

    def note(self, note: Mapping[str, object]) -> None:
        text = json.dumps({"format": _FORMAT, **note}, indent=1) + "\n"
        self.storage.put_text(text, self._ours("job.json"))

    def noted(self) -> dict[str, Any] | None:
        """What is said of the job; None where nothing is."""
        with self.storage.told():
            self.place.fs.invalidate_cache()
            try:
                found = json.loads(self.place.fs.cat_file(self._ours("job.json")))
            except (FileNotFoundError, ValueError):
                return None
        return found if isinstance(found, dict) and found.get("format") == _FORMAT else None

    def refuse_another(self, run: str) -> None:
        """Somebody may have begun anew with --overwrite while nobody knew of this worker.

        Raises:
            AnotherRunError: the folder is not there, or that of another run.
        """
        noted = self.noted()
        if noted is None:
            what = "this worker does not see the folder"
            fix = "Put it on a disk that all share, or in a store"
            raise AnotherRunError(self.place.name, what, fix)
        if noted.get("run") != run:
            fix = "Wait for it, or give another -o"
            raise AnotherRunError(self.place.name, "another run is writing it", fix)

    def put(self, finished: Finished, files: Mapping[str, Path]) -> None:
        """Put the files of a part in their places, and last of all the word that it is done.

        Whether the folder is still that of its run is asked just before each gets its place.

        Raises:
            AnotherRunError: it is not.
        """
        storage = self._storage(f"attempts/{finished.run}")
        check = partial(self.refuse_another, finished.run)
        check()
        with storage.told():
            self.place.fs.makedirs(storage.attempts, exist_ok=True)
        for stream, path in files.items():
            if stream == "output" or finished.sizes[stream]:
                storage.put(path, self.part(finished.number, stream), check)
        text = json.dumps(asdict(finished)) + "\n"
        storage.put_text(text, self._record(finished.number), check)

    def finished(self, run: str) -> dict[int, Finished]:
        """The parts that are done by a run and still there, by number."""
        there = {
            path: size
            for stream in STREAMS
            for path, size in self.storage.names(
                PurePosixPath(self.part(0, stream)).parent.as_posix()
            ).items()
        }
        names = sorted(self.storage.names(self._ours("parts")))
        with self.storage.told(), ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [Finished(**json.loads(one)) for one in pool.map(self.place.fs.cat_file, names)]
        return {one.number: one for one in found if one.run == run and self._is_there(one, there)}

    def _is_there(self, one: Finished, there: Mapping[str, int]) -> bool:
        return all(
            there.get(self.part(one.number, stream)) == size
            for stream, size in one.sizes.items()
            if size or stream == "output"
        )

    def read(self, number: int, stream: str) -> Iterator[bytes]:
        """A part of a stream, in pieces."""
        with self.storage.told(), self.place.fs.open(self.part(number, stream), "rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def lines(self, number: int, stream: str) -> Iterator[bytes]:
        """A part of a stream, line by line."""
        with self.storage.told(), self.place.fs.open(self.part(number, stream), "rb") as file:
            yield from file

    def join(self, stream: str, pieces: Iterable[bytes]) -> None:
        """Write rejects, changed or summary beside the folder; none where nothing is in it."""
        self.storage.put_stream(pieces, f"{self.place.path}{_BESIDE[stream]}")

    def tidy(self) -> None:
        """Remove what broken-off attempts have left."""
        self.storage.remove(self._ours("attempts"))

    def clear(self) -> None:
        """Remove the run before, and nothing else."""
        self.discard()
        for ending in _BESIDE.values():
            self.storage.remove(f"{self.place.path}{ending}")

    def discard(self) -> None:
        """Leave nothing of a run but what is joined already."""
        self.storage.remove(f"{self.place.path}/{_OURS}")
        for path in self.storage.names(self.place.path):
            if _PART.fullmatch(PurePosixPath(path).name):
                self.storage.remove(path)
