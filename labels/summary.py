"""A corpus and its readings, summed up for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from labels.agreement import Agreement, Reading, agreement
from labels.corpus import Corpus
from labels.errors import InputError
from labels.rows import raise_it, read_rows
from labels.scheme import Group, Scheme


def used_lines(corpus: Corpus) -> Iterator[str]:
    """How many articles come from where, and who labelled them."""
    for source in ("given", "starter"):
        by = Counter(s.labelled_by for s in corpus.samples if s.source == source)
        if by:
            named = ", ".join(f"{count} by {name}" for name, count in sorted(by.items()))
            yield f"{sum(by.values())} {source} articles, labelled: {named}"


def stats_lines(corpus: Corpus) -> Iterator[str]:
    """Counts per label and pair of labels, and lengths."""
    yield f"{len(corpus)} labelled articles"
    yield from used_lines(corpus)
    for group in corpus.scheme.groups:
        yield ""
        yield from _label_lines(corpus, group)
    yield ""
    yield from _pair_lines(corpus)
    yield ""
    yield _length_line(corpus)


def _label_lines(corpus: Corpus, group: Group) -> Iterator[str]:
    known = corpus.known(group)
    targets = corpus.targets(group)
    yield f"{group.id} ({int(known.sum())} articles, unknown for {int((~known).sum())})"
    for label, count in zip(group.ids, targets.sum(axis=0).tolist(), strict=True):
        yield f"  {label:28} {count:6}"
    if not group.exclusive:
        yield f"  {'(none)':28} {int((known & ~targets.any(axis=1)).sum()):6}"


def _pair_lines(corpus: Corpus) -> Iterator[str]:
    yield "pairs of labels"
    targets = corpus.strata.astype(int)
    together = targets.T @ targets
    names = [f"{group}:{label}" for group, label in corpus.scheme.outputs]
    width = max(len(name) for name in names)
    for one, other in combinations(range(len(names)), 2):
        if together[one, other]:
            yield f"  {names[one]:{width}}  {names[other]:{width}} {together[one, other]:6}"


def _length_line(corpus: Corpus) -> str:
    lengths = [len(sample.article.content) for sample in corpus.samples] or [0]
    least, low, middle, high, most = np.quantile(lengths, [0, 0.25, 0.5, 0.75, 1]).astype(int)
    return (
        f"characters of a content: {least} to {most}, half of them between {low} and {high}, "
        f"median {middle}, mean {np.mean(lengths):.0f}"
    )


def duplicate_lines(corpus: Corpus) -> Iterator[str]:
    """Every cluster of equal or nearly equal articles, and how they differ in labels."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at, cluster in enumerate(corpus.clusters.tolist()):
        members[cluster].append(at)
    repeated = [found for found in members.values() if len(found) > 1]
    yield f"{len(repeated)} clusters of near-duplicates among {len(corpus)} articles"
    for found in repeated:
        samples = [corpus.samples[at] for at in found]
        texts = {sample.article.text_digest() for sample in samples}
        kind = "equal texts" if len(texts) == 1 else "near-duplicates"
        labels = {tuple(sorted((g, *sorted(x)) for g, x in s.labels.items())) for s in samples}
        ending = "" if len(labels) == 1 else ", labelled differently"
        yield f"  {kind}{ending}: {', '.join(s.article.id for s in samples)}"


def agreement_lines(paths: Iterable[str | Path], scheme: Scheme) -> Iterator[str]:
    """Cohen's kappa of two readings, file by file, group by group and label by label."""
    for path in paths:
        pairs = _read_pairs(str(path), scheme)
        yield f"{path}: {len(pairs)} articles with two readings"
        for group in scheme.groups:
            both = [(x[group.id], y[group.id]) for x, y in pairs if group.id in x and group.id in y]
            found = agreement(group, [x for x, _ in both], [y for _, y in both])
            yield from _agreement_lines(group, found)


def _agreement_lines(group: Group, found: Agreement) -> Iterator[str]:
    share = f"{found.equal / found.articles:.1%}" if found.articles else "-"
    whole = f", kappa {_kappa(found.kappa)}" if group.exclusive else ""
    yield f"  {group.id}: {found.equal} of {found.articles} equal ({share}){whole}"
    for label, kappa in found.label_kappa.items():
        yield f"    {label:28} kappa {_kappa(kappa)}"


def _kappa(value: float | None) -> str:
    return "undefined (one answer only)" if value is None else f"{value:.3f}"


def _read_pairs(path: str, scheme: Scheme) -> Sequence[tuple[dict[str, Reading], ...]]:
    """Both readings of every row that has a second one.

    The first is ``first_reading``, or else the row's own labels.
    """
    pairs = []
    for where, row in read_rows(path, raise_it):
        if not isinstance(row, dict):
            raise InputError(where, "not an object", 'Give {"id": …, "second_reading": {…}}')
        first, second = row.get("first_reading") or row, row.get("second_reading")
        if isinstance(first, dict) and isinstance(second, dict):
            pairs.append((scheme.labels_in(first, where), scheme.labels_in(second, where)))
    if not pairs:
        fix = 'Give rows with "second_reading": {labels}, beside "first_reading" or own labels'
        raise InputError(path, "no row has two readings", fix)
    return pairs
