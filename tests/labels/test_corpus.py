from __future__ import annotations

from dataclasses import replace

import pytest

from labels.article import Article
from labels.corpus import Corpus, Labels, Sample, Source, plain
from labels.scheme import Scheme

POST = "澄湖实验室今天公布了五月份的水质预报，预报覆盖三十二个采样点，二十九个达标。"


def sample(name: str, labels: Labels, content: str = POST, source: Source = "given") -> Sample:
    article = Article(id=name, title="澄湖", content=content, where=f"{name}.jsonl:1")
    return Sample(article=article, labels=labels, source=source, labelled_by="article row")


NEWS_AI = {"type": frozenset({"news"}), "domains": frozenset({"ai"})}
EVENT = {"type": frozenset({"event"})}
NO_DOMAIN = {"domains": frozenset[str]()}


@pytest.fixture
def corpus(scheme: Scheme) -> Corpus:
    samples = (
        sample("w1", NEWS_AI),
        sample("w2", EVENT, content="青石镇的廊桥修好了。", source="starter"),
        sample("w3", NO_DOMAIN),
    )
    return Corpus(scheme=scheme, samples=samples)


def test_a_corpus_has_as_many_samples_as_were_given(corpus: Corpus) -> None:
    assert len(corpus) == 3


def test_a_group_is_known_where_it_is_labelled_even_as_none(corpus: Corpus) -> None:
    known = [corpus.known(group).tolist() for group in corpus.scheme.groups]
    assert known == [[True, True, False], [True, False, True]]


def test_targets_stand_in_the_order_of_the_labels(corpus: Corpus) -> None:
    assert corpus.targets(corpus.scheme.groups[0]).astype(int).tolist() == [
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
    ]


def test_strata_are_all_targets_side_by_side(corpus: Corpus) -> None:
    assert corpus.strata.astype(int).tolist() == [
        [0, 1, 0, 0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]


def test_a_corpus_knows_which_samples_were_given(corpus: Corpus) -> None:
    assert corpus.given.tolist() == [True, False, True]


def test_equal_texts_of_two_ids_are_one_cluster(corpus: Corpus) -> None:
    assert corpus.sketches.shape == (3, 64)
    assert corpus.clusters.tolist() == [0, 1, 0]


def themed(name: str, content: str, theme: str | None) -> Sample:
    source: Source = "given" if theme is None else "starter"
    return replace(sample(name, EVENT, content=content, source=source), theme=theme)


def test_the_articles_of_a_theme_are_kin(scheme: Scheme) -> None:
    samples = (
        themed("w1", "青石镇的廊桥修好了。", None),
        themed("w2", "云溪大学迎来新生八千人。", "s1"),
        themed("w3", "松果实验室招聘两位工程师。", "s2"),
        themed("w4", "澄湖今年第一次开放夜游船。", "s1"),
    )
    corpus = Corpus(scheme=scheme, samples=samples)
    assert corpus.clusters.tolist() == [0, 1, 2, 3]
    assert corpus.kin.tolist() == [0, 1, 2, 1]


def test_the_near_duplicate_of_an_article_is_kin_of_its_whole_theme(scheme: Scheme) -> None:
    samples = (
        themed("w1", POST, None),
        themed("w2", "云溪大学迎来新生八千人。", "s1"),
        themed("w3", POST, "s1"),
        themed("w4", POST, "s2"),
        themed("w5", "松果实验室招聘两位工程师。", "s2"),
    )
    corpus = Corpus(scheme=scheme, samples=samples)
    assert corpus.clusters.tolist() == [0, 1, 0, 0, 4]
    assert len(set(corpus.kin.tolist())) == 1


def test_without_themes_only_near_duplicates_are_kin(corpus: Corpus) -> None:
    assert corpus.kin.tolist() == corpus.clusters.tolist() == [0, 1, 0]


def test_an_empty_corpus_has_empty_targets(scheme: Scheme) -> None:
    empty = Corpus(scheme=scheme, samples=())
    assert empty.known(scheme.groups[0]).shape == (0,)
    assert empty.strata.shape == (0, 8)


def test_the_digest_does_not_depend_on_the_order(corpus: Corpus) -> None:
    turned = Corpus(scheme=corpus.scheme, samples=corpus.samples[::-1])
    assert turned.digest() == corpus.digest()


def test_the_digest_does_not_depend_on_the_order_of_groups(scheme: Scheme) -> None:
    turned = dict(reversed(NEWS_AI.items()))
    one, other = (Corpus(scheme=scheme, samples=(sample("w1", x),)) for x in (NEWS_AI, turned))
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    "changed",
    [
        sample("w4", NEWS_AI),
        sample("w1", NEWS_AI, content=POST + "！"),
        sample("w1", EVENT),
        sample("w1", {**EVENT, **NO_DOMAIN}),
    ],
)
def test_the_digest_changes_with_an_id_a_text_or_a_label(corpus: Corpus, changed: Sample) -> None:
    other = Corpus(scheme=corpus.scheme, samples=(changed, *corpus.samples[1:]))
    assert other.digest() != corpus.digest()


def test_the_digest_tells_an_unknown_group_from_none(scheme: Scheme) -> None:
    unknown = Corpus(scheme=scheme, samples=(sample("w1", EVENT),))
    none = Corpus(scheme=scheme, samples=(sample("w1", {**EVENT, **NO_DOMAIN}),))
    assert unknown.digest() != none.digest()


def test_a_corpus_with_half_an_emoji_has_a_digest(scheme: Scheme) -> None:
    halves = [
        Corpus(scheme=scheme, samples=(sample("w1", EVENT, half),)) for half in "\ud83d\ud83e"
    ]
    assert halves[0].digest() != halves[1].digest()


def test_plain_labels_are_sorted_lists() -> None:
    labels = {"type": frozenset({"news"}), "domains": frozenset({"metaverse", "ai"})}
    assert plain(labels) == {"type": ["news"], "domains": ["ai", "metaverse"]}
