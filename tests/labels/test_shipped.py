from __future__ import annotations

from collections import Counter

import pytest

from labels.corpus import Corpus, Sample
from labels.rows import raise_it, read_rows
from labels.scheme import Scheme, shipped_scheme
from labels.shipped import gold_labels, shipped_readings, starter_samples

GROUPS = {"type", "domains"}


@pytest.fixture(scope="module")
def starter() -> list[Sample]:
    return list(starter_samples(shipped_scheme()))


@pytest.fixture(scope="module")
def gold_rows() -> list[dict[str, object]]:
    paths = [path for path in shipped_readings() if path.parent.name == "gold"]
    rows = [row for path in paths for _, row in read_rows(str(path), raise_it)]
    return [row for row in rows if isinstance(row, dict)]


def test_the_starter_has_632_articles_with_ids_of_their_own(starter: list[Sample]) -> None:
    assert len(starter) == 632
    assert len({sample.article.id for sample in starter}) == 632


def test_the_starter_lies_in_20_files_in_the_order_of_their_numbers() -> None:
    names = [path.stem for path in shipped_readings() if path.parent.name == "starter"]
    assert names == [f"s{number}" for number in range(1, 21)]


def test_a_starter_id_names_its_file(starter: list[Sample]) -> None:
    for sample in starter:
        assert f"/{sample.article.id.split('-')[0]}.jsonl:" in sample.article.where


def test_the_theme_of_a_starter_article_is_its_file(starter: list[Sample]) -> None:
    assert all(sample.theme == sample.article.id.split("-")[0] for sample in starter)


def test_every_starter_article_has_a_title_a_content_and_both_groups(
    starter: list[Sample],
) -> None:
    assert all(sample.article.title and sample.article.content for sample in starter)
    assert all(set(sample.labels) == GROUPS for sample in starter)


def test_every_starter_article_says_where_it_is_from(starter: list[Sample]) -> None:
    assert {(sample.source, sample.labelled_by) for sample in starter} == {
        ("starter", "article row")
    }


def test_the_starter_shows_every_label_at_least_fifty_times(
    starter: list[Sample], scheme: Scheme
) -> None:
    shown = Counter(
        (group, label)
        for sample in starter
        for group, labels in sample.labels.items()
        for label in labels
    )
    assert min(shown[output] for output in scheme.outputs) >= 50


def test_no_two_starter_articles_are_near_duplicates(starter: list[Sample], scheme: Scheme) -> None:
    corpus = Corpus(scheme=scheme, samples=tuple(starter))
    assert corpus.clusters.tolist() == list(range(632))


def test_the_gold_has_40_rows_of_labels_and_no_text(gold_rows: list[dict[str, object]]) -> None:
    keys = {"id", "type", "domains", "first_reading", "second_reading"}
    assert len(gold_rows) == 40
    assert all(set(row) == keys for row in gold_rows)


def test_the_readings_of_the_gold_hold_labels_only(
    gold_rows: list[dict[str, object]], scheme: Scheme
) -> None:
    for row in gold_rows:
        for name in ("first_reading", "second_reading"):
            reading = row[name]
            assert isinstance(reading, dict)
            assert set(reading) == GROUPS
            assert set(scheme.labels_in(reading, str(row["id"]))) == GROUPS


def test_the_gold_labels_both_groups_of_40_ids_that_are_no_starter_articles(
    starter: list[Sample], scheme: Scheme
) -> None:
    gold = gold_labels(scheme)
    assert len(gold) == 40
    assert all(set(labels) == GROUPS for labels in gold.values())
    assert not set(gold) & {sample.article.id for sample in starter}


def test_every_shipped_row_carries_a_second_reading_that_the_scheme_knows(
    scheme: Scheme,
) -> None:
    for path in shipped_readings():
        for where, row in read_rows(str(path), raise_it):
            assert isinstance(row, dict)
            assert set(scheme.labels_in(row["second_reading"], where)) == GROUPS
