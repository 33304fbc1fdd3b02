"""The bars that real posts set; skipped where no real posts are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import shipped_scheme


@pytest.fixture(scope="module")
def trained_folder(posts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a store trained on the real posts, and what training printed."""
    folder = tmp_path_factory.mktemp("real")
    done = newstag(folder, "train", "--articles", str(posts), "--no-track")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def newstag(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newstag", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_gold_labels_are_joined_by_id_and_counted(trained_folder: tuple[Path, str]) -> None:
    _, printed = trained_folder
    assert "40 given articles, labelled: 40 by shipped gold" in printed
    assert "632 starter articles, labelled: 632 by article row" in printed
    assert "mean over 10 partitions" in printed


def test_the_recipe_meets_its_bars(trained_folder: tuple[Path, str]) -> None:
    folder, _ = trained_folder
    report = next(folder.glob("models/store/*/report.json"))
    kind, domains = json.loads(report.read_text("utf-8"))["groups"]
    assert (kind["articles"], domains["articles"]) == (40, 40)
    assert kind["f1_macro"]["value"] >= 0.88
    assert domains["f1_micro"]["value"] >= 0.83
    assert kind["calibration_error"]["value"] <= 0.10


def test_an_evaluation_sets_apart_what_the_version_was_trained_on(
    trained_folder: tuple[Path, str], posts: Path
) -> None:
    folder, _ = trained_folder
    done = newstag(folder, "evaluate", "--articles", str(posts), "--json")
    found = json.loads(done.stdout)
    assert (found["evaluated"], len(found["seen"]), found["groups"]) == (0, 40, [])


def test_no_starter_article_is_a_near_duplicate_of_a_real_post(posts: Path) -> None:
    given = Given(scheme=shipped_scheme(), articles=[str(posts)])
    corpus = read_corpus(given, raise_it, lambda _notice: None)
    real, starter = corpus.sketches[corpus.given], corpus.sketches[~corpus.given]
    most_alike = max(float((one == starter).mean(axis=1).max()) for one in real)
    assert most_alike < 0.2


def test_every_real_post_gets_an_answer_of_the_contract(
    trained_folder: tuple[Path, str], posts: Path
) -> None:
    folder, _ = trained_folder
    done = newstag(folder, "tag", str(posts), "--quiet")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 40
    for answer in answers:
        assert list(answer) == ["id", "type", "domains", "review", "reasons", "scores", "model"]
        assert set(answer["type"]) == {"label", "score"}
        assert answer["review"] is bool(answer["reasons"])
        assert len(answer["scores"]["type"]) == len(answer["scores"]["domains"]) == 4


def test_a_version_trained_on_real_posts_holds_no_text_of_them(
    trained_folder: tuple[Path, str],
    post_texts: list[str],
    chinese_runs: Callable[[str], set[str]],
) -> None:
    folder, _ = trained_folder
    real = set().union(*(chinese_runs(text) for text in post_texts))
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in {".json", ".jsonl", ".toml"}:
            assert not chinese_runs(path.read_text("utf-8")) & real, path.name
        if path.name.startswith("vocabulary"):
            terms = path.read_text("utf-8").splitlines()
            assert max(len(term) for term in terms) < 16
