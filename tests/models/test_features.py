"""Which terms of an article a model counts."""

from __future__ import annotations

from models.features import COLUMNS, Block


def test_there_is_a_column_for_every_field_of_running_text_in_every_unit() -> None:
    assert COLUMNS == (
        ("title", "word"),
        ("title", "character"),
        ("title", "shape"),
        ("lead", "word"),
        ("lead", "character"),
        ("lead", "shape"),
        ("body", "word"),
        ("body", "character"),
        ("body", "shape"),
        ("last", "word"),
        ("last", "character"),
        ("last", "shape"),
        ("whole", "word"),
        ("whole", "character"),
        ("whole", "shape"),
        ("markers", "word"),
        ("dictionary", "word"),
    )


def test_a_block_is_named_by_field_unit_and_lengths() -> None:
    assert Block(field="title", unit="character", low=2, high=3).name == "title character 2-3"


def test_the_name_of_a_block_tells_what_is_unusual_of_it() -> None:
    assert Block(field="whole", min_df=1).name == "whole word 1-1 min_df 1"
    assert Block(field="last", unit="shape", sublinear=False).name == "last shape 1-1 plain tf"
    assert Block(field="body", min_df=3, sublinear=False).name == "body word 1-1 min_df 3 plain tf"
