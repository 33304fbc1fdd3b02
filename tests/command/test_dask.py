from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, cast

import pytest
from distributed import LocalCluster

Newstag = Callable[..., CompletedProcess[str]]
Rows = list[dict[str, object]]
Tag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]

NOBODY = "tcp://127.0.0.1:1"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and a worker, in this process."""
    options = {"processes": False, "protocol": "tcp://", "dashboard_address": ":0"}
    with cast("Any", LocalCluster)(
        n_workers=1, threads_per_worker=1, silence_logs=logging.CRITICAL, **options
    ) as found:
        yield found.scheduler_address


@pytest.fixture
def tag(newstag: Newstag, trained: Path) -> Tag:
    """Tag with the trained store."""

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        return newstag("tag", *arguments, "--store", trained)

    return run


def test_a_folder_of_parts_holds_what_a_local_run_writes(
    tag: Tag, write: Write, rows: Rows, address: str
) -> None:
    lines = [*(json.dumps(row, ensure_ascii=False) for row in rows), "oops"]
    source = write("in.jsonl", "\n".join(lines) + "\n")
    here = tag(source, "-o", "local.jsonl")
    there = tag(source, "-o", "out.jsonl", "--dask", address)
    assert (there.returncode, there.stderr) == (here.returncode, here.stderr) == (0, here.stderr)
    assert Path("out.jsonl/part-00000.jsonl").read_bytes() == Path("local.jsonl").read_bytes()
    again = tag(source, "-o", "out.jsonl", "--dask", address)
    assert again.returncode == 0
    assert "already done: 24 tagged" in again.stderr
    strict = tag(source, "-o", "out.jsonl", "--dask", address, "--strict")
    assert strict.returncode == 1
    assert "1 articles were rejected before" in strict.stderr


def test_a_run_that_stops_says_how_to_go_on(
    tag: Tag, write: Write, rows: Rows, address: str
) -> None:
    sources = write("a.jsonl", rows), write("b.jsonl", "oops\n")
    given = (*sources, "-o", "out.jsonl", "--dask", address)
    stopped = tag(*given, "--strict")
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("b.jsonl:1: not JSON (")
    refused = tag(*given)
    assert refused.returncode == 1
    assert "an unfinished run is there. Give --resume to go on with it" in refused.stderr
    lost = tag(*sources, "-o", "out.jsonl", "--dask", NOBODY, "--resume")
    assert lost.returncode == 1
    assert lost.stderr.startswith("note: what is done is kept; go on with --resume\n")
    other = tag(*given, "--resume", "--explain", "1")
    assert other.returncode == 1
    assert other.stderr.startswith("out.jsonl: an unfinished run with another explain is there.")
    done = tag(*given, "--resume")
    assert done.returncode == 0
    assert "24 tagged" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--dask needs a folder for the parts. Give one with -o."),
        (("-o", "x.jsonl", "--jobs", "2"), "--jobs is for this machine, --dask for others."),
        (("-o", "x.jsonl", "--watch"), "--watch"),
    ],
)
def test_options_that_do_not_go_with_a_cluster_are_refused(
    tag: Tag, articles: Path, options: tuple[str, ...], message: str
) -> None:
    done = tag(articles, *options, "--dask", NOBODY)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("-",), "standard input: not to be read by a cluster."),
        (("no.jsonl",), "no.jsonl: no such file or directory."),
        (("in.csv",), "in.csv: neither JSON lines nor Parquet by its name."),
    ],
)
def test_inputs_that_a_cluster_cannot_read_are_errors(
    tag: Tag, write: Write, given: tuple[str, ...], message: str
) -> None:
    write("in.csv", "id\n")
    done = tag(*given, "-o", "out.jsonl", "--dask", NOBODY)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert not Path("out.jsonl").exists()


def test_where_no_scheduler_is_the_address_is_named(tag: Tag, articles: Path) -> None:
    done = tag(articles, "-o", "out.jsonl", "--dask", NOBODY)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{NOBODY}: no scheduler answers there (")
    assert "--resume" not in done.stderr
