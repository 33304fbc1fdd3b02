"""Rows in, as many predictions out, and they are those of the service; what is no text is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labels.article import Article
from labels.reading import read_articles
from labels.rows import raise_it
from models.predictor import Predictor
from models.version import load_predictor
from training.asking import import_mlflow
from training.train import Trained

# MLflow's own warnings are its own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

ROW = {"title": "人工智能论坛", "content": "记者获悉，大模型论坛今日举办。"}
TEXT = 'Give {0} as text, "" where there is none.'
Answers = list[dict[str, object]]


@pytest.fixture(scope="module")
def model(packed: Path) -> Any:
    """The logged model as MLflow loads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.path", list(sys.path))  # it puts the model's code in front
        return import_mlflow().pyfunc.load_model(str(packed))


@pytest.fixture(scope="module")
def predictor(stored: Path) -> Predictor:
    return load_predictor(stored)


def row_of(article: Article) -> dict[str, str]:
    return {"id": article.id, "title": article.title, "content": article.content}


def answers(predictor: Predictor, articles: list[Article]) -> Answers:
    return [one.as_json() for one in predictor.predict(articles)]


FORMS: dict[str, Callable[[list[dict[str, str]]], Any]] = {
    "a frame": pd.DataFrame,
    "a frame of other columns and indices": lambda rows: pd.DataFrame(
        [{"url": None, "rank": 1.5, **row} for row in rows], index=[7] * len(rows)
    ),
    "a frame of pandas' own strings": lambda rows: pd.DataFrame(rows).astype("string"),
    "a list of rows": list,
    "columns as arrays": lambda rows: {
        name: np.array([row[name] for row in rows]) for name in rows[0]
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("count", [1, 10])
def test_rows_get_what_the_predictor_says(
    model: Any,
    predictor: Predictor,
    trained: Trained,
    count: int,
    form: Callable[[list[dict[str, str]]], Any],
) -> None:
    articles = [sample.article for sample in trained.corpus.samples[:count]]
    given = form([row_of(article) for article in articles])
    assert model.predict(given) == answers(predictor, articles)


def test_no_rows_get_no_predictions(model: Any) -> None:
    frame = pd.DataFrame([ROW])
    assert model.predict(frame[:0]) == model.predict(pd.DataFrame(columns=[*ROW])) == []


def test_rows_without_ids_get_their_positions(model: Any) -> None:
    given = pd.DataFrame([ROW] * 3, index=["x", "y", "z"])
    assert [one["id"] for one in model.predict(given)] == ["0", "1", "2"]


def test_the_example_of_the_model_is_predicted(model: Any) -> None:
    assert len(model.predict(model.input_example)) == 1


def test_real_posts_get_what_the_predictor_says(
    model: Any, predictor: Predictor, posts: Path
) -> None:
    articles = list(read_articles([str(posts)], raise_it))
    given = pd.DataFrame([row_of(article) for article in articles])
    assert json.dumps(model.predict(given)) == json.dumps(answers(predictor, articles))


@pytest.mark.parametrize("name", ["title", "content"])
@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "is null"),
        (float("nan"), "is null"),
        (pd.NA, "is null"),
        (pd.NaT, "is null"),
        # As MLflow's server writes null in the form "inputs", and pandas with astype(str).
        ("None", "is null"),
        ("nan", "is null"),
        ("<NA>", "is null"),
        (5, "is not text"),
        (True, "is not text"),
        (b"text", "is not text"),
        (["text"], "is not text"),
        ({"text": "text"}, "is not text"),
        (np.array(["one", "two"]), "is not text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(
    model: Any, name: str, value: object, what: str
) -> None:
    given = pd.DataFrame([ROW, ROW, {**ROW, name: value}])
    assert refusal(model, given) == f"row 2: {name} {what}. {TEXT.format(name)}"


def test_a_column_of_other_things_than_text_is_refused_by_its_name(model: Any) -> None:
    given = pd.DataFrame([{**ROW, "content": 5}] * 2)
    assert "Incompatible input types for column content" in refusal(model, given)


def test_a_row_without_content_is_refused_with_its_position(model: Any) -> None:
    assert refusal(model, [ROW, {"title": "一"}]) == (
        f"row 1: content is null. {TEXT.format('content')}"
    )


def test_a_missing_column_is_refused_by_its_name(model: Any) -> None:
    assert "Model is missing inputs ['content']" in refusal(model, [{"title": "一"}])


def test_a_column_that_is_there_twice_is_refused(model: Any) -> None:
    given = pd.DataFrame([["一", "二", "三"]], columns=["title", "content", "title"])
    assert refusal(model, given).startswith("Failed to enforce schema of data")


def test_lists_in_place_of_rows_are_refused(model: Any) -> None:
    """MLflow makes one row of them."""
    given = {"title": ["一", "二"], "content": ["三", "四"]}
    assert refusal(model, given) == f"row 0: title is not text. {TEXT.format('title')}"


@pytest.mark.parametrize("value", ["", " ", None])
def test_an_id_that_is_none_is_refused_with_its_row(model: Any, value: str | None) -> None:
    assert refusal(model, [{**ROW, "id": "a1"}, {**ROW, "id": value}]) == (
        "row 1: no id. Give each article an id of its own, text or a number."
    )


def refusal(model: Any, given: object) -> str:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as refused:
        model.predict(given)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    return str(refused.value)
