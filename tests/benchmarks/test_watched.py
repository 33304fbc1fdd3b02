"""A watched run, told from its points."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

import pytest

from benchmarks.watched import HEAD, Watched, told_by
from serving.journal import Journal, State


def run() -> Watched:
    """A thousand articles, a tenth of a MB more for each; then a last step that takes 500 MB."""
    working = [(float(n), 200 + n / 10) for n in range(0, 1000, 10)]
    return Watched(
        seconds=12.0,
        progress=[(1.0 + n / 100, float(n)) for n in range(0, 1001, 50)],
        memory=[*working, (1000.0, 500.0), (1000.0, 500.0)],
    )


def test_the_last_step_counts_for_the_greatest_memory_and_not_for_its_growth() -> None:
    found = run()
    assert found.most == 500.0
    assert found.rise == pytest.approx(0.1)
    assert found.growth == pytest.approx(90.0)


def test_a_rate_is_of_the_whole_run_and_tenths_are_of_the_articles_alone() -> None:
    found = run()
    assert found.rate == pytest.approx(1000 / 12)
    assert found.evenness == pytest.approx(1.0)
    assert found.steepness == pytest.approx(1.0)
    assert len(found.cells()) == len(HEAD) - 1
    assert found.as_json()["greatest memory, MB"] == 500.0


def test_a_journal_tells_how_far_a_run_is(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.journal.partial"
    assert told_by(path) == 0
    with FileIO(path, "a+") as file:
        journal = Journal(file)
        journal.begin({"newstag": "1"})
        assert told_by(path) == 0
        for done in range(500):
            journal.note(State(counts={"tagged": done, "rejected": 2}))
        assert told_by(path) == 501
        file.write(b'{"source": 0, "pl')
        assert told_by(path) == 501
