"""What is joined: the rejects and the changes of all parts, in the order of the input."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from labels.blocks import place_of
from labels.errors import InputError
from serving.folder import Finished, Folder
from serving.job import Complain, Job
from serving.parts import Part, lines_before


def counts_of(finished: Mapping[int, Finished]) -> Counter[str]:
    """Of all parts together."""
    counts = Counter[str]()
    for one in finished.values():
        counts.update(one.counts)
    return counts


def join_all(
    job: Job, folder: Folder, parts: Sequence[Part], done: Mapping[int, Finished], tell: Complain
) -> dict[str, object] | None:
    """Put rejects, changes and summary beside the folder; the summary, where one is asked for."""
    folder.join("rejects", _rejects(folder, parts, done, tell))
    folder.join("changed", _changes(folder, parts, done))
    counts = counts_of(done)
    summary = job.summary(counts) if counts["tagged"] else None
    text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n" if summary else ""
    folder.join("summary", [text.encode()])
    return summary


def _changes(
    folder: Folder, parts: Sequence[Part], done: Mapping[int, Finished]
) -> Iterator[bytes]:
    for part in parts:
        if done[part.number].sizes["changed"]:
            yield from folder.read(part.number, "changed")


def _rejects(
    folder: Folder, parts: Sequence[Part], done: Mapping[int, Finished], tell: Complain
) -> Iterator[bytes]:
    """Lines are numbered within their part until here, where those before it are known."""
    lines = 0
    for part in parts:
        if not part.start:
            lines = 0
        if done[part.number].sizes["rejects"]:
            for line in folder.lines(part.number, "rejects"):
                row = json.loads(line)
                if row["unit"] == "line":
                    row["position"] += lines
                tell(_error(row))
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        lines += done[part.number].lines


def _error(row: Mapping[str, object]) -> InputError:
    place = {"line": f":{row['position']}", "file": ""}.get(
        str(row["unit"]), f"[{row['position']}]"
    )
    return InputError(f"{row['source']}{place}", str(row["reason"]), str(row["fix"]))


def moved(error: InputError, lines: int) -> InputError:
    """An error whose line is numbered within a part, told within its file."""
    source, unit, position = place_of(error.where)
    if unit != "line" or position is None:
        return error
    return type(error)(f"{source}:{position + lines}", error.what, error.fix)


def in_file(error: InputError, part: Part) -> InputError:
    """With its line as it is numbered in the file, where that can still be read."""
    if place_of(error.where)[1] != "line":
        return error
    try:
        return moved(error, lines_before(part))
    except Exception:  # noqa: BLE001 - what it is about matters more than where it is
        return error
