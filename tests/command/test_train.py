from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from labels.errors import InputError
from labels.scheme import shipped_scheme
from labels.shipped import starter_samples

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]
Train = Callable[..., CompletedProcess[str]]

UNTRACKED = ("--no-starter", "--no-track", "--jobs", "1")


@pytest.fixture
def train(newstag: Newstag) -> Train:
    """Train without the starter, untracked, into ./store."""

    def run(*more: str | Path) -> CompletedProcess[str]:
        return newstag("train", *UNTRACKED, "--store", "store", *more)

    return run


def test_training_says_what_it_used_how_good_it_is_and_where_it_lies(
    train: Train, articles: Path
) -> None:
    done = train("--articles", articles)
    version = Path("store", "champion").read_text().strip()
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[:3] == [
        "24 given articles, labelled: 24 by article row",
        "",
        (
            "Measured on 24 given articles, each judged by models that had not seen it; mean over "
            "1 partition."
        ),
    ]
    assert "type (24 articles)" in lines
    assert "domains (24 articles)" in lines
    assert lines[-1] == f"Saved store/{version}"
    assert [path.name for path in Path("store").glob("2*")] == [version]
    assert done.stderr.splitlines()[-1] == "validating: 3 of 3 folds"


def test_the_starter_joins_the_given_articles_unless_told_otherwise(
    newstag: Newstag, articles: Path
) -> None:
    starter = len(list(starter_samples(shipped_scheme())))
    done = newstag("labels", "check", "--articles", articles)
    assert done.stdout.splitlines()[:2] == [
        "24 given articles, labelled: 24 by article row",
        f"{starter} starter articles, labelled: {starter} by article row",
    ]


def test_a_labels_file_is_stronger_than_the_row(
    newstag: Newstag, articles: Path, write: Write
) -> None:
    labels = write("labels.jsonl", [{"id": "p1", "type": "news"}, {"id": "p2", "type": "news"}])
    given = ("--no-starter", "--articles", articles, "--labels", labels)
    assert newstag("labels", "check", *given).stdout.splitlines()[0] == (
        "24 given articles, labelled: 22 by article row, 2 by labels file"
    )


def test_an_article_without_label_is_left_out_with_a_note(
    newstag: Newstag, articles: Path, write: Write
) -> None:
    more = write("more.jsonl", [{"id": "new", "title": "青石", "content": "湖水清澈。"}])
    done = newstag("labels", "check", "--no-starter", "--articles", articles, "--articles", more)
    assert done.stderr == "note: 1 of 25 articles have no label: left out\n"
    assert done.stdout.splitlines()[0] == "24 given articles, labelled: 24 by article row"


def test_the_same_article_twice_is_noted_and_taken_once(
    train: Train, rows: Rows, write: Write
) -> None:
    done = train("--articles", write("a.jsonl", [*rows, rows[0]]))
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        "note: a.jsonl:25: the same article as a.jsonl:1: taken once"
    )
    assert done.stdout.splitlines()[0] == "24 given articles, labelled: 24 by article row"


def test_many_notes_are_counted(newstag: Newstag, rows: Rows, write: Write) -> None:
    given = ("--no-starter", "--articles", write("a.jsonl", [*rows, *rows]))
    said = newstag("labels", "check", *given).stderr.splitlines()
    assert len(said) == 11
    assert said[-1] == "note: and 14 more like these"


def test_a_row_that_cannot_be_read_is_left_out_and_told(
    train: Train, rows: Rows, write: Write
) -> None:
    done = train("--articles", write("a.jsonl", [{"id": "x"}, *rows]))
    assert done.returncode == 0
    assert done.stderr.splitlines()[:2] == [
        'a.jsonl:1: no title. Add title or 标题title; "" where there is none.',
        "unreadable articles left out: 1",
    ]


def test_strict_training_stops_at_that_row(train: Train, rows: Rows, write: Write) -> None:
    done = train("--strict", "--articles", write("a.jsonl", [{"id": "x"}, *rows]))
    assert done.returncode == 1
    assert done.stderr == 'a.jsonl:1: no title. Add title or 标题title; "" where there is none.\n'
    assert not Path("store").exists()


def test_articles_may_come_from_standard_input(newstag: Newstag, articles: Path) -> None:
    given = ("--no-starter", "--articles", "-")
    done = newstag("labels", "check", *given, stdin=articles.read_text("utf-8"))
    assert done.stdout.splitlines()[0] == "24 given articles, labelled: 24 by article row"


def test_too_few_articles_for_a_group_are_refused(train: Train, rows: Rows, write: Write) -> None:
    news = [row for row in rows if row["type"] == "news"]
    done = train("--articles", write("a.jsonl", news))
    assert done.returncode == 1
    assert done.stderr == (
        "training: too few labelled articles for type, near-duplicates counted once: "
        "policy_notice 0, news 6, event 0, research_breakthrough 0. "
        "Give at least 4 articles each for 2 or more of its labels.\n"
    )


def test_training_on_nothing_is_refused(train: Train) -> None:
    done = train()
    assert done.returncode == 1
    assert done.stderr == (
        "articles: none of them is labelled. Give --articles with labels, in their rows or with "
        "--labels.\n"
    )


def test_a_second_version_leaves_the_champion(
    newstag: Newstag, store: Path, articles: Path
) -> None:
    champion = (store / "champion").read_text()
    given = ("train", *UNTRACKED, "--articles", articles, "--seed", "1", "--store", store)
    assert newstag(*given).returncode == 0
    assert len(list(store.glob("2*"))) == 2
    assert (store / "champion").read_text() == champion


def test_untracked_training_makes_nothing_but_the_store(train: Train, articles: Path) -> None:
    train("--articles", articles)
    assert [path.name for path in Path().iterdir()] == ["store"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what MLflow and its libraries warn of
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("no_figures")
def test_a_trained_version_is_recorded_in_mlflow(newstag: Newstag, articles: Path) -> None:
    given = ("--no-starter", "--jobs", "1", "--articles", articles, "--experiment", "trial")
    done = newstag("train", *given, "--tracking-uri", "sqlite:///runs.db")
    version = Path("models", "store", "champion").read_text().strip()
    with sqlite3.connect("runs.db") as database:
        found = database.execute(
            "select r.run_uuid, r.name, r.status, e.name from runs r join experiments e "
            "on r.experiment_id = e.experiment_id"
        ).fetchall()
    database.close()
    when = f"{version[:4]}-{version[4:6]}-{version[6:8]} {version[9:11]}:{version[11:13]}"
    assert [row[2:] for row in found] == [("FINISHED", "trial")]
    assert re.fullmatch(rf"type 0\.\d{{3}} domains 0\.\d{{3}} \({when} UTC\)", found[0][1])
    assert done.stdout.splitlines()[-1] == (
        f"Recorded as run {found[0][0]} of experiment trial; see: newstag ui"
    )


@pytest.mark.parametrize("own", [True, False])
def test_a_search_without_articles_of_ones_own_is_warned_of(
    newstag: Newstag, articles: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    def stop(*_: object, **_more: object) -> None:
        raise InputError("training", "stopped", "It was only begun")

    monkeypatch.setattr("training.train.train", stop)
    given = ("--articles", articles) if own else ()
    done = newstag("train", "--search", *given)
    note = "note: the search chooses what suits starter articles; "
    assert (note in done.stderr) is not own
    assert done.stderr.endswith("training: stopped. It was only begun.\n")
