"""A version with words of one's own carries them, and every client answers with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from labels.article import Article
from models.dictionary import dictionary_with
from models.features import Block
from models.manifest import read_manifest
from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary
from models.store import Store
from models.version import load_predictor
from serving.app import create_app
from serving.settings import Settings

# MLflow's own warnings, and those of its libraries, are its own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]

# The first two stand in the articles, and are cut apart where they are not given.
WORDS = "# 我们的词\n青石市\n算力芯片 5 n\n大模型\n"
LACKING = ["青石市", "算力芯片"]


class StoppedError(Exception):
    """A training went as far as a test wants."""


def is_of(block: Block) -> bool:
    return block.field == "dictionary"


@pytest.fixture(scope="module")
def made(
    newstag: Newstag,
    articles: Path,
    tmp_path_factory: pytest.TempPathFactory,
    fresh_database: Callable[[Path], str],
) -> tuple[CompletedProcess[str], Path]:
    """A training with a dictionary, recorded, and the folder where it was run."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "words.txt").write_text(WORDS, "utf-8")
    fresh_database(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEWSTAG_DICTIONARY", "words.txt")
        patch.setattr("training.tracker.figures", lambda _: iter(()))  # they take their time
        given = ("--no-starter", "--jobs", "1", "--articles", articles)
        done = newstag("train", *given, "--store", "store")
    assert done.returncode == 0, done.stderr
    return done, folder


@pytest.fixture(scope="module")
def store(made: tuple[CompletedProcess[str], Path]) -> Path:
    return made[1] / "store"


@pytest.fixture(scope="module")
def version(store: Path) -> Path:
    return Store(store).resolve()


@pytest.fixture(scope="module")
def logged(made: tuple[CompletedProcess[str], Path]) -> tuple[Any, Any]:
    """The run in MLflow, and its model as MLflow loads it."""
    import mlflow

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made[1])
        patch.setattr("sys.path", list(sys.path))  # it puts the model's code in front
        client = mlflow.MlflowClient(tracking_uri="sqlite:///mlflow.db")
        (experiment,) = client.search_experiments(filter_string="name = 'newstag'")
        (run,) = client.search_runs([experiment.experiment_id])
        assert run.outputs is not None
        model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
        return run, mlflow.pyfunc.load_model(model.artifact_location)


@pytest.fixture(scope="module")
def bare(rows: Rows) -> Rows:
    """The articles without their labels."""
    return [{key: row[key] for key in ("id", "title", "content")} for row in rows]


def test_training_tells_what_it_read(made: tuple[CompletedProcess[str], Path]) -> None:
    done = made[0]
    assert done.stdout.splitlines()[0] == (
        "words of your own: 3; cut apart without the dictionary: 2 (青石/市, 算力/芯片)"
    )
    assert done.stderr.splitlines()[0] == (
        "note: words.txt: jieba's columns in 1 line, of which the word alone is taken: "
        "'算力芯片' in line 3"
    )


def test_the_version_has_a_copy_with_the_shipped_words_and_its_digest(version: Path) -> None:
    text = (version / "dictionary.txt").read_text("utf-8")
    assert text == dictionary_with(["青石市", "算力芯片", "大模型"])
    assert dictionary_words(text) == (*dictionary_words(shipped_dictionary()), *LACKING)
    assert read_manifest(version).dictionary_digest == sha256(text.encode()).hexdigest()


def test_the_words_are_features_and_stand_in_a_golden_text(version: Path) -> None:
    assert "青石市" in (version / "vocabulary.txt").read_text("utf-8").split()
    last = json.loads((version / "golden.jsonl").read_text("utf-8").splitlines()[-1])
    assert last["content"].split()[-2:] == LACKING


def test_every_client_gives_the_same_answers_with_it(
    newstag: Newstag, store: Path, logged: tuple[Any, Any], bare: Rows, write: Write
) -> None:
    predictor = load_predictor(Store(store).resolve())
    given = [Article(**row) for row in bare]  # type: ignore[arg-type]
    expected = [one.as_json() for one in predictor.predict(given)]
    predictor._segmenter = open_segmenter("rjieba", dictionary_words(shipped_dictionary()))
    assert [one.as_json() for one in predictor.predict(given)] != expected  # or it tells nothing

    with TestClient(create_app(Settings(store=store))) as client:
        assert client.post("/v1/predict", json=bare).json() == expected
    for engine in ("rjieba", "jieba"):
        told = newstag("tag", write("a.jsonl", bare), "--store", store, "--segmenter", engine)
        assert [json.loads(line) for line in told.stdout.splitlines()] == expected
    assert logged[1].predict(pd.DataFrame(bare)) == expected


def test_the_run_tells_the_digest_of_the_dictionary(version: Path, logged: tuple[Any, Any]) -> None:
    assert logged[0].data.tags["dictionary_digest"] == read_manifest(version).dictionary_digest


@pytest.mark.parametrize("own", [True, False])
def test_a_search_tries_features_of_the_words(
    newstag: Newstag, articles: Path, write: Write, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    seen: list[frozenset[str]] = []

    def stop(problem: Any, *_: object) -> None:
        names = [names for block, names in problem.counts.names.items() if is_of(block)]
        seen.append(frozenset(names[0]))
        raise StoppedError

    monkeypatch.setattr("training.train.search", stop)
    more = ("--dictionary", write("words.txt", WORDS)) if own else ()
    given = ("--no-starter", "--no-track", "--jobs", "1", "--articles", articles)
    with pytest.raises(StoppedError):
        newstag("train", "--search", *given, *more)
    assert ("青石市" in seen[0]) is own


def test_a_dictionary_that_is_wrong_ends_training_before_it_begins(
    newstag: Newstag, articles: Path, write: Write
) -> None:
    given = ("--articles", articles, "--dictionary", write("words.txt", "青石市\n青 石\n"))
    done = newstag("train", *given)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "words.txt:2: a blank in '青 石', which never matches. "
        "Write the parts on lines of their own, or the word without its blank.\n"
    )
    assert not Path("models").exists()
