"""The work on a part: all its articles are tagged, and its files put in their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from models.files import sha256
from serving.doing import tag_block
from serving.folder import Finished, Folder
from serving.output import header
from serving.packing import pack
from serving.parts import Part
from serving.portions import Portions
from serving.work import STREAMS, Work


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A part to do: how, and where to.

    ``run`` is that of the note in the folder, ``wanted`` the columns of a Parquet file, and
    ``block`` how many bytes are tagged at once; ``strict`` stops at a bad row.
    """

    part: Part
    work: Work
    folder: Folder
    run: str
    wanted: Collection[str]
    strict: bool
    block: int


def do_part(task: Task, scratch: Path) -> Finished:
    """Do a part, as often as is asked for: it comes out the same.

    Its files are made in a folder of their own in ``scratch``.

    Raises:
        InputError: ``strict`` and a row cannot be read, or the file has changed.
        UnreadableError: the system does not give the file.
        VersionError: a version cannot be loaded.
        StateError: it cannot be written.
        AnotherRunError: the folder is not there, or another run has begun in it.
    """
    task.folder.refuse_another(task.run)
    with TemporaryDirectory(dir=scratch) as folder:
        files = {stream: Path(folder, stream) for stream in STREAMS}
        counts, lines = _tagged(task, files)
        task.part.file.refuse_changed()
        packed = Path(folder, "packed")
        if pack(files["output"], task.folder.kind, task.work.scheme(), packed):
            files["output"] = packed
        finished = Finished(
            number=task.part.number,
            run=task.run,
            lines=lines,
            sha256=sha256(files["output"]),
            sizes={stream: path.stat().st_size for stream, path in files.items()},
            counts=dict(counts),
        )
        task.folder.put(finished, files)
    return finished


def _tagged(task: Task, files: dict[str, Path]) -> tuple[Counter[str], int]:
    """Counts and lines, when the rows are written as they came."""
    counts = Counter[str]()
    portions = Portions(task.part, dict(task.work.columns), task.wanted)
    with ExitStack() as stack:
        streams = {name: stack.enter_context(path.open("wb")) for name, path in files.items()}
        streams["output"].write(header(task.work.rows, task.work.scheme()))
        for block in portions.blocks(task.block):
            done = tag_block(task.work, block)
            if task.strict and done.errors:
                raise done.errors[0]
            for name, data in done.streams.items():
                streams[name].write(data)
            counts += done.counts
    return counts, portions.lines
