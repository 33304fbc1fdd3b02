from __future__ import annotations

import csv
import io
import json

import pytest

from labels.scheme import Group, Label, Scheme
from models.prediction import Prediction
from serving.output import encoded, header

SCHEME = Scheme(
    groups=(
        Group(
            id="type",
            kind="exclusive",
            zh="类型",
            en="type",
            labels=(Label(id="news", zh="", en=""), Label(id="event", zh="", en="")),
        ),
        Group(
            id="domains",
            kind="multi",
            zh="领域",
            en="domains",
            labels=(Label(id="ai", zh="", en=""), Label(id="vr", zh="", en="")),
        ),
    )
)


def prediction(name: str = "a1", *domains: str, reasons: tuple[str, ...] = ()) -> Prediction:
    return Prediction(
        id=name,
        scheme=SCHEME,
        given={"type": ("news",), "domains": domains},
        scores={"type": {"news": 0.9, "event": 0.1}, "domains": {"ai": 0.75, "vr": 0.625}},
        reasons=reasons,
        model="20310101T000000Z-00000001",
    )


def test_jsonl_has_an_answer_a_line() -> None:
    text = encoded("jsonl", [prediction("a1"), prediction("文章", "ai")]).decode()
    assert [json.loads(line) for line in text.splitlines()] == [
        prediction("a1").as_json(),
        prediction("文章", "ai").as_json(),
    ]
    assert "文章" in text
    assert header("jsonl", SCHEME) == b""


def test_a_line_feed_in_an_id_does_not_break_the_line() -> None:
    assert encoded("jsonl", [prediction("a\nb")]).count(b"\n") == 1


def test_csv_has_a_header_and_a_row_an_answer() -> None:
    several = prediction("a2", "ai", "vr", reasons=("uncertain:type", "too_little_text"))
    text = header("csv", SCHEME) + encoded("csv", [prediction("a1"), several])
    assert text.decode() == (
        "id,type,type_score,domains,domains_score,review,reasons,model\n"
        "a1,news,0.9,,,false,,20310101T000000Z-00000001\n"
        "a2,news,0.9,ai|vr,0.75|0.625,true,uncertain:type|too_little_text,"
        "20310101T000000Z-00000001\n"
    )


def test_csv_quotes_an_id_that_needs_it() -> None:
    assert encoded("csv", [prediction('a,"b"')]).startswith(b'"a,""b""",news,')


@pytest.mark.parametrize("name", ["a\rb", "a\nb", 'a"b', "a,b", " a", "'", "a|b", ""])
def test_any_id_comes_back_from_csv(name: str) -> None:
    text = encoded("csv", [prediction(name)]).decode()
    (row,) = csv.reader(io.StringIO(text, newline=""))
    assert row[0] == name
