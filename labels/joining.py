"""How articles and labels from several sources become one corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from labels.article import Article
from labels.corpus import Corpus, Labels, LabelSource, Sample
from labels.errors import InputError
from labels.reading import Filed, Notice, read_distinct, read_labels
from labels.rows import Reject
from labels.scheme import Scheme
from labels.shipped import gold_labels, starter_samples


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What a user brings: files of articles, files of labels, and whether ours join them."""

    scheme: Scheme
    articles: Sequence[str] = ()
    labels: Sequence[str] = ()
    starter: bool = True
    gold: bool = True


def read_corpus(given: Given, reject: Reject, notice: Notice) -> Corpus:
    """Articles joined with their labels by id; the given ones first, then the starter's.

    In each group the strongest source of labels wins: a labels file, then the article's own row,
    then the shipped gold. An article without any label is left out and counted in a notice.
    Unreadable articles go to ``reject``; a wrong label is always an error, because labels steer
    everything.

    Raises:
        InputError: a conflicting article or label, or a label for an unknown id.
    """
    articles = read_distinct(given.articles, given.scheme, reject, notice)
    filed = read_labels(given.labels, given.scheme, notice)
    starter = list(starter_samples(given.scheme)) if given.starter else []
    _refuse_strangers(filed, {*articles, *(sample.article.id for sample in starter)})
    gold = gold_labels(given.scheme) if given.gold else {}
    samples = [s for a in articles.values() if (s := _sample(a, given.scheme, filed, gold))]
    if len(samples) < len(articles):
        notice(
            f"{len(articles) - len(samples)} of {len(articles)} articles have no label: left out"
        )
    taken = {sample.article.id for sample in samples}
    joined = [_relabelled(sample, filed) for sample in starter if sample.article.id not in taken]
    if len(joined) < len(starter):
        notice(f"{len(starter) - len(joined)} starter articles are among the given: taken as given")
    return Corpus(scheme=given.scheme, samples=(*samples, *joined))


def _refuse_strangers(filed: Mapping[str, Filed], known: Iterable[str]) -> None:
    for name, (_, where) in filed.items():
        if name not in known:
            fix = "Give that article with --articles, or remove the label"
            raise InputError(where, f"a label for '{name}', which is no article's id", fix)


def _sample(
    article: Article,
    scheme: Scheme,
    filed: Mapping[str, Filed],
    gold: Mapping[str, Labels],
) -> Sample | None:
    sources: list[tuple[LabelSource, Labels]] = [
        ("labels file", filed[article.id][0] if article.id in filed else {}),
        ("article row", scheme.labels_in(article.extra, article.where)),
        ("shipped gold", gold.get(article.id, {})),
    ]
    labels = {group: names for _, found in reversed(sources) for group, names in found.items()}
    strongest = next((by for by, found in sources if found), None)
    if strongest is None:
        return None
    return Sample(article=article, labels=labels, source="given", labelled_by=strongest)


def _relabelled(sample: Sample, filed: Mapping[str, Filed]) -> Sample:
    """A starter sample, under the labels that a labels file gives its id, if any."""
    if sample.article.id not in filed:
        return sample
    labels = {**sample.labels, **filed[sample.article.id][0]}
    return replace(sample, labels=labels, labelled_by="labels file")
