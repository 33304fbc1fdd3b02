"""Records of which one in a hundred is bad, in every way that is known, and what becomes of them.

    python -m benchmarks.broken [--records 100000] [--kinds jsonl csv parquet]

A file is made, and the place of every bad record in it noted. Each of them, and nothing else, must
be in the rejects file, at its place and for its reason; the ids in the output must be those of the
good records, in their order. One record in two hundred is odd: it looks wrong, and is not. Ends
with 1 where anything is not so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.bad_csv import write_csv
from benchmarks.bad_lines import write_lines
from benchmarks.bad_parquet import write_parquet
from benchmarks.many import rows_made
from benchmarks.planted import Planted, Row
from benchmarks.processes import end_when_told
from benchmarks.results import print_table
from benchmarks.subject import starter_corpus, trained_version
from benchmarks.tagging import Tagging

_WRITERS: Mapping[str, Callable[[Path, Iterable[Row], int], Planted]] = {
    "jsonl": write_lines,
    "csv": write_csv,
    "parquet": write_parquet,
}
_SHOWN = 20  # faults of a file


def faults_of(planted: Planted, store: Path, folder: Path, jobs: int) -> Iterator[str]:
    """Tag the file, print what came of it, and give what is not as it must be."""
    output = folder / f"{planted.path.name}.out.jsonl"
    tagging = Tagging(inputs=[planted.path], output=output, store=store)
    said = tagging.run("--jobs", str(jobs))
    if said.code:
        yield f"it ended with {said.code}: {said.text[-500:]}"
        return
    if "Traceback" in said.text:
        yield f"a traceback: {said.text[-500:]}"
    rejects = list(_rows(folder / f"{output.name}.rejects.jsonl"))
    ids = [row["id"] for row in _rows(output)]
    head = ("kind", "records", "reason that was given")
    print_table(f"{planted.path.name}, {jobs} jobs", head, planted.table(rejects))
    print(f"\n{len(rejects)} rejects, {len(planted.bad)} expected; {len(ids)} results")
    yield from planted.faults(rejects, ids)
    tagging.forget()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        yield from map(json.loads, file)


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(description="Tag records of which some are bad.")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="+", choices=_WRITERS, default=[*_WRITERS])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--store", type=Path)
    options = parser.parse_args()
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        folder = Path(temporary)
        store = options.store or folder / "store"
        if not options.store:
            trained_version(store, starter_corpus())
        for kind in options.kinds:
            path, count = folder / f"broken.{kind}", options.records
            planted = _WRITERS[kind](path, rows_made(count), count)
            for jobs in options.jobs:
                faults = list(faults_of(planted, store, folder, jobs))
                found += [f"{path.name}, {jobs} jobs: {fault}" for fault in faults[:_SHOWN]]
                if len(faults) > _SHOWN:
                    found.append(f"and {len(faults) - _SHOWN} more faults of {path.name}")
            path.unlink()
    print("\n".join(["", *found]) if found else "\nevery bad record was rejected, and no other")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
