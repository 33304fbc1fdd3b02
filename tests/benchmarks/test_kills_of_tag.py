"""What a killed run has made, held against what it was to make."""

from __future__ import annotations

from benchmarks.kills_of_tag import Kill, some_without_id, unlike


def test_files_that_are_missing_left_behind_or_other_are_told_of() -> None:
    wanted = {"out.jsonl": b"abc", "out.jsonl.rejects.jsonl": b"d"}
    assert list(unlike(wanted, wanted)) == []
    found = {"out.jsonl": b"ab", "out.jsonl.partial": b""}
    assert list(unlike(wanted, found)) == [
        "out.jsonl has 2 other bytes, not 3",
        "out.jsonl.partial is left behind",
        "out.jsonl.rejects.jsonl is missing",
    ]


def test_every_97th_article_has_no_id() -> None:
    rows = list(some_without_id({"id": f"r{at}"} for at in range(200)))
    assert [at for at, row in enumerate(rows) if row["id"] == " "] == [48, 145]


def test_a_kill_says_whom_it_met_and_when() -> None:
    kill = Kill(number=3, jobs=2, alone=True, share=0.314)
    assert str(kill) == "kill 3, 2 jobs, the parent alone: at 31% of the articles"
    late = Kill(number=4, jobs=1, alone=False, share=None)
    assert str(late) == "kill 4, 1 jobs, the group: ended before"
