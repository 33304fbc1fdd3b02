from __future__ import annotations

from collections.abc import Callable

import pytest

from labels.corpus import Corpus, plain
from labels.errors import InputError
from labels.joining import Given, read_corpus
from labels.rows import Reject, raise_it
from labels.scheme import Scheme
from labels.shipped import gold_labels, starter_samples

Write = Callable[[str, str | bytes | list[object]], str]


def row(name: str, **labels: object) -> dict[str, object]:
    return {"id": name, "title": "澄湖月报", "content": f"第{name}号水样良好。", **labels}


def given(scheme: Scheme, articles: list[str], labels: list[str]) -> Given:
    return Given(scheme=scheme, articles=articles, labels=labels, starter=False)


def joined(given: Given, reject: Reject = raise_it) -> tuple[Corpus, list[str]]:
    said: list[str] = []
    return read_corpus(given, reject, said.append), said


def refusal(given: Given) -> str:
    with pytest.raises(InputError) as caught:
        joined(given, reject=list[InputError]().append)
    return str(caught.value)


def test_the_labels_of_the_article_row_are_taken(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row("w1", type="news", domains=[])])
    corpus, said = joined(given(scheme, [path], []))
    sample = corpus.samples[0]
    assert plain(sample.labels) == {"type": ["news"], "domains": []}
    assert (sample.source, sample.labelled_by) == ("given", "article row")
    assert said == []


def test_a_labels_file_goes_before_the_article_row(write: Write, scheme: Scheme) -> None:
    articles = write("a.jsonl", [row("w1", type="news", domains=["ai"]), row("w2", type="news")])
    labels = write("l.jsonl", [{"id": "w1", "type": "event"}])
    corpus, _ = joined(given(scheme, [articles], [labels]))
    assert [(plain(s.labels), s.labelled_by) for s in corpus.samples] == [
        ({"type": ["event"], "domains": ["ai"]}, "labels file"),
        ({"type": ["news"]}, "article row"),
    ]


def test_the_article_row_goes_before_the_shipped_gold(write: Write, scheme: Scheme) -> None:
    gold = gold_labels(scheme)
    one, other = list(gold)[:2]
    path = write("a.jsonl", [row(one, domains=["metaverse"]), row(other)])
    corpus, _ = joined(given(scheme, [path], []))
    assert [(plain(s.labels), s.labelled_by) for s in corpus.samples] == [
        (plain({**gold[one], "domains": frozenset(["metaverse"])}), "article row"),
        (plain(gold[other]), "shipped gold"),
    ]


def test_a_labels_file_goes_before_the_shipped_gold(write: Write, scheme: Scheme) -> None:
    gold = gold_labels(scheme)
    name = next(iter(gold))
    labels = write("l.csv", f"id,domains\n{name},metaverse\n")
    corpus, _ = joined(given(scheme, [write("a.jsonl", [row(name)])], [labels]))
    found = corpus.samples[0].labels
    assert found == {"type": gold[name]["type"], "domains": frozenset(["metaverse"])}
    assert corpus.samples[0].labelled_by == "labels file"


def test_the_shipped_gold_can_be_left_aside(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row(next(iter(gold_labels(scheme))))])
    corpus, said = joined(Given(scheme=scheme, articles=[path], starter=False, gold=False))
    assert len(corpus) == 0
    assert said == ["1 of 1 articles have no label: left out"]


def test_articles_without_a_label_are_left_out_and_counted(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row("w1"), row("w2", type="news"), row("w3", type=None)])
    corpus, said = joined(given(scheme, [path], []))
    assert [sample.article.id for sample in corpus.samples] == ["w2"]
    assert said == ["2 of 3 articles have no label: left out"]


def test_a_label_for_an_unknown_id_is_refused(write: Write, scheme: Scheme) -> None:
    articles = write("a.jsonl", [row("w1", type="news")])
    labels = write("l.jsonl", [{"id": "w1", "type": "news"}, {"id": "w2", "type": "news"}])
    assert refusal(given(scheme, [articles], [labels])) == (
        "l.jsonl:2: a label for 'w2', which is no article's id. "
        "Give that article with --articles, or remove the label."
    )


def test_an_unknown_label_of_an_article_row_is_an_error_even_when_rows_may_be_rejected(
    write: Write, scheme: Scheme
) -> None:
    path = write("a.jsonl", [row("w1", type="news"), row("w2", domains=["moon"])])
    assert refusal(given(scheme, [path], [])) == (
        "a.jsonl:2: no domains 'moon'. "
        "Use one of: ai, brain_computer_interface, biomedicine, metaverse."
    )


def test_unreadable_articles_are_rejected_and_the_rest_goes_on(
    write: Write, scheme: Scheme
) -> None:
    path = write("a.jsonl", [{"id": "w1", "title": "湖"}, row("w2", type="news")])
    rejected: list[InputError] = []
    corpus, _ = joined(given(scheme, [path], []), rejected.append)
    assert [sample.article.id for sample in corpus.samples] == ["w2"]
    assert [str(error) for error in rejected] == [
        'a.jsonl:1: no content. Add content or finalContent; "" where there is none.'
    ]


def test_a_strict_reader_stops_at_the_first_unreadable_article(
    write: Write, scheme: Scheme
) -> None:
    path = write("a.jsonl", [row("w1", type="news"), {"id": "w2", "content": ""}])
    with pytest.raises(InputError) as caught:
        joined(given(scheme, [path], []))
    assert str(caught.value) == (
        'a.jsonl:2: no title. Add title or 标题title; "" where there is none.'
    )


def test_the_given_articles_come_before_those_of_the_starter(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row("w1", type="news")])
    corpus, said = joined(Given(scheme=scheme, articles=[path]))
    assert [sample.source for sample in corpus.samples] == ["given"] + ["starter"] * 632
    assert said == []


def test_without_any_file_the_corpus_is_the_starter(scheme: Scheme) -> None:
    corpus, said = joined(Given(scheme=scheme))
    assert list(corpus.samples) == list(starter_samples(scheme))
    assert said == []


def test_a_given_article_stands_in_for_the_starter_article_of_its_id(
    write: Write, scheme: Scheme
) -> None:
    path = write("a.jsonl", [row("s1-001", type="news")])
    corpus, said = joined(Given(scheme=scheme, articles=[path]))
    found = [sample for sample in corpus.samples if sample.article.id == "s1-001"]
    assert [(sample.source, sample.article.title) for sample in found] == [("given", "澄湖月报")]
    assert len(corpus) == 632
    assert said == ["1 starter articles are among the given: taken as given"]


def test_a_labels_file_may_relabel_a_starter_article(write: Write, scheme: Scheme) -> None:
    labels = write("l.jsonl", [{"id": "s1-001", "domains": ["metaverse"]}])
    corpus, _ = joined(Given(scheme=scheme, labels=[labels]))
    sample = corpus.samples[0]
    assert (sample.article.id, plain(sample.labels)) == (
        "s1-001",
        {"type": ["policy_notice"], "domains": ["metaverse"]},
    )
    assert (sample.source, sample.labelled_by) == ("starter", "labels file")
