"""Two versions compared, and the gate that a promotion passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from models.sums import write_sums

Newstag = Callable[..., CompletedProcess[str]]
LIVE = "20260101T000000Z-00000000"
WORSE = "20260102T000000Z-00000000"
ALIKE = "20260103T000000Z-00000000"


@pytest.fixture(scope="module")
def kept(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose champion is always right, with a copy of it and one that never finds AI."""
    store = tmp_path_factory.mktemp("compared") / "store"
    source = trained / (trained / "champion").read_text("ascii").strip()
    for name, blind in ((LIVE, False), (WORSE, True), (ALIKE, False)):
        version = Path(shutil.copytree(source, store / name))
        manifest = json.loads((version / "manifest.json").read_text("utf-8"))
        text = json.dumps({**manifest, "version": name})
        (version / "manifest.json").write_text(text, "utf-8")
        rows = [json.loads(x) for x in (version / "oof.jsonl").read_text("utf-8").splitlines()]
        lines = [json.dumps(sure(row, blind)) + "\n" for row in rows]
        (version / "oof.jsonl").write_text("".join(lines), "utf-8")
        (version / "SHA256SUMS").unlink()
        write_sums(version)
    (store / "champion").write_text(LIVE + "\n", "ascii")
    entry: dict[str, str | None] = {"time": "2026-01-01T00:00:00+00:00", "by": "a"}
    entry |= {"action": "first", "before": None, "after": LIVE, "why": "first version"}
    (store / "ledger.jsonl").write_text(json.dumps(entry) + "\n", "utf-8")
    return store


def sure(row: dict[str, Any], blind: bool) -> dict[str, Any]:
    """The row with scores that are right, but for AI where blind."""
    gold, scores = row["gold"], row["scores"]
    told = {
        group: {
            label: 0.98 if label in gold.get(group, []) and not (blind and label == "ai") else 0.01
            for label in labels
        }
        for group, labels in scores.items()
    }
    return {**row, "scores": told}


@pytest.fixture
def store(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "store"))


def live(store: Path) -> str:
    return (store / "champion").read_text("ascii").strip()


def test_a_version_beside_itself_shows_no_difference(newstag: Newstag, store: Path) -> None:
    done = newstag("compare", "champion", LIVE, "--store", store)
    assert done.returncode == 0
    assert "verdict: no difference: it is the same version" in done.stdout.splitlines()


def test_the_comparison_is_told_for_people(newstag: Newstag, store: Path) -> None:
    done = newstag("compare", LIVE[:8], WORSE[:8], "--store", store)
    lines = done.stdout.splitlines()
    assert lines[0] == f"{LIVE} -> {WORSE}"
    assert (
        lines[1] == "on 24 given articles that both have, judged by models that had not seen them"
    )
    assert lines[2].startswith("verdict: ")
    assert "type (24 given articles)" in lines
    assert any(line.endswith("domains: ai -> none (broken, gold ai)") for line in lines)


def test_the_comparison_is_told_as_json(newstag: Newstag, store: Path) -> None:
    done = newstag("compare", LIVE, WORSE, "--json", "--store", store)
    found = json.loads(done.stdout)
    assert found["first"] == LIVE
    assert found["verdict"]
    ai = next(one for one in found["labels"] if one["label"] == "ai")
    assert ai["second"] == 0.0
    assert ai["difference"]["value"] == -1.0
    assert {one["outcome"] for one in found["changed"]} == {"broken"}


def test_an_unknown_version_is_named(newstag: Newstag, store: Path) -> None:
    done = newstag("compare", "champion", "2031", "--store", store)
    assert done.returncode == 1
    assert "no version '2031'" in done.stderr


def test_two_versions_are_needed(newstag: Newstag, store: Path) -> None:
    done = newstag("compare", "champion", "--store", store)
    assert done.returncode == 2
    assert "Missing argument 'B'" in done.stderr


def test_a_worse_version_is_not_promoted(newstag: Newstag, store: Path) -> None:
    done = newstag("models", "promote", WORSE, "--store", store)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{WORSE}: not better than the champion {LIVE}: shown worse on d")
    assert "promote it with --force and --why" in done.stderr
    assert live(store) == LIVE


def test_force_promotes_it_and_the_ledger_keeps_why_and_in_spite_of_what(
    newstag: Newstag, store: Path
) -> None:
    why = ("--force", "--why", "AI is gone from our desk")
    done = newstag("models", "promote", WORSE, *why, "--store", store)
    assert done.returncode == 0
    assert live(store) == WORSE
    history = newstag("models", "history", "--store", store).stdout.splitlines()
    assert "AI is gone from our desk" in history[-1]
    assert "forced, although shown worse on domains:ai" in history[-1]


def test_an_equal_version_is_promoted_with_the_verdict(newstag: Newstag, store: Path) -> None:
    done = newstag("models", "promote", ALIKE, "--store", store)
    expected = f"{ALIKE} is champion, after {LIVE} (no difference: all 24 common articles get"
    assert done.stdout.startswith(expected)
    assert live(store) == ALIKE


def test_too_few_common_articles_need_force(newstag: Newstag, store: Path) -> None:
    path = store / ALIKE
    for name in ("oof.jsonl", "corpus.jsonl"):
        lines = (path / name).read_text("utf-8").splitlines(keepends=True)[:19]
        (path / name).write_text("".join(lines), "utf-8")
    (path / "SHA256SUMS").unlink()
    write_sums(path)
    done = newstag("models", "promote", ALIKE, "--store", store)
    assert done.returncode == 1
    assert "it has 19 common articles with the champion, and 20 distinct" in done.stderr
    forced = newstag("models", "promote", ALIKE, "--force", "--why", "new desk", "--store", store)
    assert forced.returncode == 0
    assert live(store) == ALIKE


def test_a_new_version_is_compared_with_the_champion_as_it_is_trained(
    newstag: Newstag, trained: Path, articles: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(trained, tmp_path / "more"))
    champion = live(store)
    given = ("--articles", articles, "--no-starter", "--no-track", "--jobs", "1", "--seed", "3")
    done = newstag("train", *given, "--store", store)
    assert done.returncode == 0, done.stderr
    line, saved = done.stdout.splitlines()[-2:]
    assert line.startswith(f"Against the champion {champion}: ")
    version = Path(saved.removeprefix("Saved "))
    remembered = json.loads((version / "comparison.json").read_text("utf-8"))
    assert remembered["verdict"] == line.partition(": ")[2]
    manifest = json.loads((version / "manifest.json").read_text("utf-8"))
    assert 0 < manifest["metrics"]["train_seconds"] < 600
    assert 0 < manifest["metrics"]["microseconds_an_article"] < 100_000
    weights = sum(path.stat().st_size for path in version.glob("*.npy"))
    everything = sum(path.stat().st_size for path in version.iterdir())
    assert weights < manifest["metrics"]["model_bytes"] < everything
    assert np.isfinite(list(manifest["metrics"].values())).all()
