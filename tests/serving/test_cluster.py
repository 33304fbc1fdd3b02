from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from labels.errors import InputError, StateError, VersionError
from serving import answering, batch, cluster
from serving import joined as joined_module
from serving.job import Job, Outcome
from serving.on_cluster import is_under_way, tag
from serving.work import Work

Rows = list[dict[str, Any]]
PART = 2000  # bytes: a few articles


def silent(*_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def workers() -> Iterator[LocalCluster]:
    """Two processes, of which a supervisor begins another one when one ends."""
    with cast("Any", LocalCluster)(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
        host="127.0.0.1",
    ) as found:
        yield found


@pytest.fixture
def run(workers: LocalCluster) -> Callable[..., Outcome]:
    """A job on the cluster, in small parts."""

    def run(job: Job, complain: Any = silent, progress: Any = silent, size: int = PART) -> Outcome:
        return tag(job, complain, progress, workers.scheduler_address, size)

    return run


@pytest.fixture
def source(tmp_path: Path, rows: Rows) -> Path:
    """The articles with labels of their own, three times; two rows of them cannot be read."""
    given = [
        {**row, "id": f"{row['id']}-{time}", "type": "news"} for time in range(3) for row in rows
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in given]
    lines[30], lines[60] = "no json", '{"id": "x"}'
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def job(source: Path, tmp_path: Path, work: Work) -> Job:
    return Job(inputs=[str(source)], output=str(tmp_path / "out" / "tags.jsonl"), work=work)


def one_of(workers: LocalCluster) -> int:
    """The process of a worker that the scheduler knows of."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for nanny in workers.workers.values():
            if nanny.worker_address in cast("Any", workers.scheduler).workers:
                return int(nanny.process.pid)
        time.sleep(0.1)
    raise TimeoutError("no worker is there")


def locally(job: Job, tmp_path: Path) -> tuple[Outcome, Path, list[str]]:
    """What the local run makes of it, and what it tells."""
    output = tmp_path / "local" / Path(job.output).name
    output.parent.mkdir(exist_ok=True)
    told: list[str] = []
    here = replace(job, output=str(output))
    return batch.tag(here, lambda error: told.append(str(error)), silent), output, told


def joined(output: str) -> bytes:
    return b"".join(part.read_bytes() for part in sorted(Path(output).glob("part-*")))


def beside(output: Path) -> dict[str, bytes]:
    """The files that belong to an output."""
    names = ("rejects.jsonl", "changed.jsonl", "summary.json")
    paths = {name: output.with_name(f"{output.name}.{name}") for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.exists()}


def left_over(output: str) -> list[str]:
    return [path.name for path in Path(output, "_newstag").iterdir() if path.name == "attempts"]


@pytest.mark.parametrize("size", [PART, 10**9])
def test_parts_one_after_the_other_are_the_output_of_a_local_run(
    job: Job, tmp_path: Path, run: Callable[..., Outcome], size: int
) -> None:
    job = replace(job, work=replace(job.work, against="labels"))
    outcome, expected, messages = locally(job, tmp_path)
    told: list[str] = []
    shares: list[tuple[int, float]] = []
    found = run(
        job, lambda error: told.append(str(error)), lambda *way: shares.append(way), size=size
    )
    assert found == outcome
    assert joined(job.output) == expected.read_bytes()
    assert beside(Path(job.output)) == beside(expected)
    assert sorted(beside(expected)) == ["changed.jsonl", "rejects.jsonl", "summary.json"]
    assert told == messages
    assert (shares[0], shares[-1]) == ((0, 0.0), (70, 1.0))
    assert left_over(job.output) == []


def test_two_versions_are_compared_as_locally(
    job: Job,
    tmp_path: Path,
    run: Callable[..., Outcome],
    version: Path,
    copied: Callable[[Path, str], Path],
) -> None:
    other = copied(version, "20200101T000000Z-00000000")
    work = replace(job.work, model=str(version), against=str(other), only_changed=True, explain=2)
    job = replace(job, work=work)
    outcome, expected, _ = locally(job, tmp_path)
    assert run(job) == outcome
    assert joined(job.output) == expected.read_bytes()
    assert beside(Path(job.output)) == beside(expected)


def test_two_versions_of_one_name_are_told_apart(
    job: Job,
    tmp_path: Path,
    run: Callable[..., Outcome],
    version: Path,
    copied: Callable[[Path, str], Path],
) -> None:
    given = {"va": version, "vb": copied(version, "20200101T000000Z-00000000")}
    for name, folder in given.items():
        shutil.copytree(folder, tmp_path / name / "model")
    model, other = (str(tmp_path / name / "model") for name in given)
    job = replace(job, work=replace(job.work, model=model, against=other))
    _, expected, _ = locally(job, tmp_path)
    run(job)
    assert joined(job.output) == expected.read_bytes()


def test_parquet_and_urls_go_in_and_come_out(
    job: Job, tmp_path: Path, run: Callable[..., Outcome], rows: Rows
) -> None:
    source = tmp_path / "in.parquet"
    given = [*rows, {"id": "x", "title": None, "content": None}]
    columns = {name: [row[name] for row in given] for name in ("id", "title", "content")}
    pq.write_table(pa.table(columns), source, row_group_size=4)
    expected = {}
    for ending in ("csv", "parquet"):
        output = tmp_path / f"tags.{ending}"
        work = replace(job.work, rows="csv")
        here = replace(job, inputs=[str(source)], output=str(output), work=work)
        _, whole, messages = locally(here, tmp_path)
        told: list[InputError] = []
        there = replace(here, inputs=[f"file://{source}"], output=f"file://{output}")
        assert run(there, told.append, size=3000).counts["tagged"] == 24
        assert [str(error).removeprefix("file://") for error in told] == messages
        expected[ending] = whole, sorted(output.glob("part-*"))
    whole, parts = expected["csv"]
    assert len(parts) > 1
    head, *lines = whole.read_text("utf-8").splitlines()
    pieces = [part.read_text("utf-8").splitlines() for part in parts]
    assert [piece[0] for piece in pieces] == [head] * len(parts)
    assert [line for piece in pieces for line in piece[1:]] == lines
    whole, parts = expected["parquet"]
    assert pa.concat_tables(map(pq.read_table, parts)).equals(pq.read_table(whole))


def test_a_run_goes_on_with_the_parts_that_are_missing(
    job: Job, run: Callable[..., Outcome]
) -> None:
    outcome = run(job)
    whole = joined(job.output)
    parts = sorted(Path(job.output).glob("part-*"))
    kept = {part: part.stat().st_mtime_ns for part in parts[3:]}
    for part in parts[:3]:
        part.unlink()
    with pytest.raises(StateError) as refused:
        run(job)
    assert str(refused.value) == (
        f"{job.output}: an unfinished run is there. Give --resume to go on with it, or "
        "--overwrite to start anew."
    )
    assert run(replace(job, resume=True)) == outcome
    assert joined(job.output) == whole
    assert {part: part.stat().st_mtime_ns for part in parts[3:]} == kept


def test_what_is_done_is_not_done_again(job: Job, run: Callable[..., Outcome]) -> None:
    outcome = run(job)
    again = tag(job, silent, silent, "tcp://127.0.0.1:1", PART)  # nobody is asked
    assert again == replace(outcome, already=True)
    assert not is_under_way(job)


def test_strict_refuses_what_was_done_with_rejects(job: Job, run: Callable[..., Outcome]) -> None:
    run(job)
    with pytest.raises(InputError) as refused:
        run(replace(job, strict=True))
    assert refused.value.what == "2 articles were rejected before"


def test_a_part_that_another_run_put_there_is_not_taken_for_ours(
    job: Job, run: Callable[..., Outcome]
) -> None:
    def replace_one(_done: int, share: float) -> None:
        if share == 1.0:
            Path(job.output, "part-00003.jsonl").write_text("{}\n")

    with pytest.raises(StateError) as refused:
        run(job, progress=replace_one)
    assert str(refused.value) == (
        f"{job.output}: 1 parts are not as they were written, part 3 the first. See that nobody "
        "else writes there, and go on with --resume."
    )
    assert run(replace(job, resume=True)).counts["tagged"] == 70
    assert len(joined(job.output).splitlines()) == 70


def test_notes_of_another_run_do_not_count(job: Job, run: Callable[..., Outcome]) -> None:
    outcome = run(job)
    whole = joined(job.output)
    note = next(Path(job.output, "_newstag", "parts").iterdir())
    note.write_text(json.dumps({**json.loads(note.read_text("utf-8")), "run": "another"}), "utf-8")
    Path(job.output, note.with_suffix(".jsonl").name).write_text("{}\n")
    with pytest.raises(StateError) as refused:
        run(job)
    assert refused.value.what == "an unfinished run is there"
    assert run(replace(job, resume=True)) == outcome
    assert joined(job.output) == whole


def test_another_job_does_not_go_into_the_same_folder(
    job: Job, run: Callable[..., Outcome], source: Path
) -> None:
    run(job)
    other = replace(job, work=replace(job.work, explain=1))
    with pytest.raises(StateError) as refused:
        run(other)
    assert str(refused.value) == (
        f"{job.output}: exists already, with another explain. Give --overwrite, or another -o."
    )
    source.write_text(source.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    with pytest.raises(StateError) as refused:
        run(job)
    assert "with another input." in str(refused.value)
    run(replace(job, overwrite=True))
    assert len(joined(job.output).splitlines()) == 1
    assert beside(Path(job.output)) == {}


def test_workers_that_are_killed_lose_nothing(
    job: Job, tmp_path: Path, run: Callable[..., Outcome], workers: LocalCluster
) -> None:
    outcome, expected, _ = locally(job, tmp_path)
    killed: list[int] = []

    def kill(_done: int, share: float) -> None:
        if share > 0.3 and not killed:
            time.sleep(0.5)  # for parts to be done of which nobody has heard yet
            nannies = workers.workers.values()
            killed.extend(nanny.process.pid for nanny in nannies)
            for process in killed:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.5)

    found = run(job, progress=kill, size=500)
    assert killed
    assert found == outcome
    assert joined(job.output) == expected.read_bytes()
    assert left_over(job.output) == []


def test_without_a_worker_a_run_waits_and_says_so(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cluster, "_LOOK", 0.1)
    outcome, expected, _ = locally(job, tmp_path)
    options = {"processes": False, "protocol": "tcp://", "dashboard_address": ":0"}
    with cast("Any", LocalCluster)(n_workers=1, threads_per_worker=1, **options) as found:

        class Coming(logging.Handler):
            def emit(self, _: logging.LogRecord) -> None:
                found.scale(1)

        def leave(_done: int, share: float) -> None:
            if not share:
                found.scale(0)
                until = time.monotonic() + 30
                while found.scheduler.workers and time.monotonic() < until:
                    time.sleep(0.05)

        handler = Coming()
        logging.getLogger("newstag").addHandler(handler)
        try:
            done = tag(job, silent, leave, found.scheduler_address, PART)
        finally:
            logging.getLogger("newstag").removeHandler(handler)
    assert done == outcome
    assert joined(job.output) == expected.read_bytes()
    assert caplog.messages.count("no worker is left: waiting for one") == 1


def test_a_worker_that_hangs_is_named(
    job: Job,
    run: Callable[..., Outcome],
    workers: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "_ANSWER", 1)
    process = one_of(workers)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(StateError) as refused:
            run(job)
    finally:
        os.kill(process, signal.SIGCONT)
    assert refused.value.where.startswith("tcp://127.0.0.1:")
    assert refused.value.what == "a worker that does not answer"
    assert not Path(job.output).exists()


def test_a_worker_that_fails_is_told_as_such_and_one_that_is_gone_is_not(
    job: Job, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(error: type[Exception]) -> Callable[[], Callable[[], str]]:
        def installed() -> str:
            raise error("no luck")

        return lambda: installed

    monkeypatch.setattr(answering, "_installed", failing(ValueError))
    with pytest.raises(StateError) as refused:
        run(job)
    assert refused.value.what == "a worker that fails (ValueError: no luck)"
    monkeypatch.setattr(answering, "_installed", failing(ConnectionError))
    assert run(job).counts["tagged"] == 70


def test_a_folder_that_workers_do_not_see_is_told_as_that(
    job: Job, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    output = f"memory://{tmp_path}/tags.jsonl"
    with pytest.raises(StateError) as refused:
        run(replace(job, output=output))
    assert refused.value.where.startswith("tcp://127.0.0.1:")
    assert str(refused.value).endswith(
        f": {output}: this worker does not see the folder. Put it on a disk that all share, or "
        "in a store."
    )


def test_strict_stops_and_names_the_line_of_the_file(
    job: Job, source: Path, run: Callable[..., Outcome]
) -> None:
    strict = replace(job, strict=True)
    lines = source.read_text("utf-8").splitlines()
    source.write_text("\n".join(lines[31:]) + "\n", "utf-8")
    with pytest.raises(InputError) as refused:
        run(strict)
    assert str(refused.value).startswith(f"{source}:30: no title. ")
    assert is_under_way(strict)


def test_where_an_error_is_does_not_hide_what_it_is(
    job: Job, source: Path, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> int:
        raise FileNotFoundError(source)

    def change(_done: int, _share: float) -> None:
        with source.open("a") as file:
            file.write("\n")

    monkeypatch.setattr(joined_module, "lines_before", gone)
    with pytest.raises(InputError) as refused:
        run(replace(job, strict=True))
    assert refused.value.what.startswith(("no title", "not JSON"))
    with pytest.raises(InputError) as refused:
        run(replace(job, overwrite=True), progress=change)
    assert str(refused.value).startswith(f"{source}: changed while it was read. ")


def test_nothing_tagged_is_an_error_and_leaves_the_rejects(
    job: Job, source: Path, run: Callable[..., Outcome]
) -> None:
    source.write_text("[1]\n[2]\n", "utf-8")
    with pytest.raises(InputError) as refused:
        run(job)
    assert refused.value.what == "nothing could be tagged"
    assert list(Path(job.output).glob("**/*.json*")) == []
    assert len(beside(Path(job.output))["rejects.jsonl"].splitlines()) == 2


def test_a_part_that_fails_is_named_and_the_others_stay(
    job: Job, source: Path, run: Callable[..., Outcome], tmp_path: Path, rows: Rows
) -> None:
    bad = tmp_path / "z.jsonl"
    bad.write_text(json.dumps(rows[0]) + "\n", "utf-8")
    both = replace(job, inputs=[str(source), str(bad)])

    def remove(_done: int, _share: float) -> None:
        bad.unlink(missing_ok=True)

    with pytest.raises(StateError) as refused:
        run(both, progress=remove, size=10**9)
    assert str(refused.value) == (
        f"{bad}: part 1 (bytes 0 to {len(json.dumps(rows[0])) + 1:,}) cannot be done ({bad}: no "
        "such file or directory. Check the path and its permissions.). Mend it, and go on with "
        "--resume."
    )
    assert is_under_way(both)


def test_a_version_that_cannot_be_loaded_is_told_at_once(
    job: Job, version: Path, run: Callable[..., Outcome]
) -> None:
    (version / "weights.npy").write_bytes(b"")
    with pytest.raises(VersionError) as refused:
        run(replace(job, work=replace(job.work, model=str(version))))
    assert refused.value.what == "an altered file: its sum is not that of SHA256SUMS"
    assert not Path(job.output).exists()


def test_a_scheduler_that_does_not_answer_is_named(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_WAIT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent_server:  # as those of HTTP are at first
        there = f"127.0.0.1:{silent_server.getsockname()[1]}"
        for address in ("tcp://127.0.0.1:1", "nowhere://x", "nowhere", f"tls://{there}", there):
            with pytest.raises(StateError) as refused:
                tag(job, silent, silent, address)
            assert str(refused.value).startswith(f"{address}: no scheduler answers there (")
    assert not Path(job.output).exists()


def test_a_worker_with_another_newstag_is_named(
    job: Job, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "version", lambda _: "99")
    with pytest.raises(StateError) as refused:
        run(job)
    assert refused.value.what == "a worker with newstag 0.1.0"
    assert refused.value.fix == "Install newstag 99 there, and start it anew"


def test_a_worker_that_comes_later_with_another_newstag_is_named(
    job: Job, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "version", lambda _: "99")
    with pytest.raises(StateError) as refused:
        run(job)
    assert refused.value.where.startswith("tcp://127.0.0.1:")
    assert refused.value.what == "a worker with newstag 0.1.0"


def test_folders_that_are_not_ours_are_left_alone(
    job: Job, run: Callable[..., Outcome], source: Path
) -> None:
    folder = Path(job.output)
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(StateError) as refused:
        run(replace(job, overwrite=True))
    assert refused.value.what == "a folder with other files (mine.txt)"
    with pytest.raises(StateError) as refused:
        run(replace(job, output=str(source), overwrite=True))
    assert refused.value.what in {"a file, where --dask writes a folder", "an input as well"}
    with pytest.raises(StateError) as refused:
        run(replace(job, output=str(folder.with_suffix(".xlsx"))))
    assert refused.value.what == "no kind of output for '.xlsx'"


def test_the_version_is_taken_away_from_workers_in_the_end(
    job: Job, run: Callable[..., Outcome], workers: LocalCluster
) -> None:
    run(job)
    there = workers.scheduler_info["workers"].values()
    folders = [Path(worker["local_directory"]) for worker in there]
    assert all(folder.is_dir() for folder in folders)
    assert [path.name for folder in folders for path in folder.glob("newstag-*")] == []


def test_without_dask_the_extra_is_named(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StateError) as refused:
        tag(job, silent, silent, "tcp://127.0.0.1:1")
    assert str(refused.value) == (
        "--dask: needs newstag[dask]. Install it: pip install 'newstag[dask]'."
    )
