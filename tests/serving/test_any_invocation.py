"""Any invocation at all: what the schema shows is read, and no bytes end in another way."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from serving.invocation_schema import INVOCATION_SCHEMA
from serving.invocations import MEDIA_TYPES, parse_invocation
from serving.problems import RefusedBody

JSON, CSV = MEDIA_TYPES
CONTENT: Any = INVOCATION_SCHEMA["requestBody"]["content"]
EXAMPLES = {name: one["value"] for name, one in CONTENT[JSON]["examples"].items()}


def test_every_example_of_the_schema_is_read() -> None:
    assert set(CONTENT) == set(MEDIA_TYPES)
    assert list(EXAMPLES) == ["dataframe_split", "dataframe_records", "inputs", "instances"]
    told = [parse_invocation(json.dumps(body).encode(), JSON) for body in EXAMPLES.values()]
    told.append(parse_invocation(CONTENT[CSV]["example"].encode(), CSV))
    assert all(articles == told[0] for articles in told)
    assert [one.id for one in told[0]] == ["a17", "a18"]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
names = st.sampled_from([*EXAMPLES, "columns", "data", "index", "title", "content", "id", "params"])
values = st.recursive(
    scalars | names,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(names | st.text(), inner, max_size=4)
    ),
    max_leaves=30,
)
cells = st.lists(st.sampled_from(["title", "content", "id", ",", "\n", "\r", '"', " ", "甲", "\0"]))
VALID = [json.dumps(body, ensure_ascii=False).encode() for body in EXAMPLES.values()]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid body with a slice of it replaced by a piece of another, or by anything."""
    raw = draw(st.sampled_from(VALID))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    other = draw(st.sampled_from(VALID))
    piece = other[draw(st.integers(0, len(other))) :][: draw(st.integers(0, 40))]
    return raw[:start] + draw(st.just(piece) | st.binary(max_size=8)) + raw[stop:]


bodies = (
    st.binary()
    | mutated()
    | values.map(lambda value: json.dumps(value).encode())
    | st.tuples(names, values).map(lambda pair: json.dumps(dict([pair])).encode())
    | cells.map(lambda parts: "".join(parts).encode())
    | cells.map(lambda parts: ("title,content\n" + "".join(parts)).encode())
)


@settings(max_examples=500, deadline=None)
@given(raw=bodies, media_type=st.sampled_from(MEDIA_TYPES))
@example(raw=b"[" * 300, media_type=JSON)
@example(raw=b'{"inputs": 1e400}', media_type=JSON)
def test_any_bytes_are_articles_or_refused(raw: bytes, media_type: str) -> None:
    try:
        articles = parse_invocation(raw, media_type)
    except RefusedBody as error:
        refused = error
    else:
        assert all(one.id.strip() for one in articles)
        "".join(one.id + one.title + one.content for one in articles).encode()
        return
    assert refused.status in {400, 422}
    assert refused.errors
    assert all(list(fault) == ["pointer", "detail"] for fault in refused.errors)
    json.dumps(refused.errors, ensure_ascii=False).encode()
