"""The figures of docs/accuracy.md: variants of the recipe on real posts, with paired intervals.

    python benchmarks/accuracy.py export.json > tables.md

takes some minutes on two cores. ``export.json`` are the posts whose gold labels ship.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from labels.corpus import Corpus
from labels.joining import Given, read_corpus
from labels.scheme import shipped_scheme
from models.features import Block
from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary
from training.counts import count
from training.linear import Bools
from training.paired import Metric, macro_f1, micro_f1, paired_difference
from training.problem import pose
from training.recipe import Learner, Recipe
from training.report import Gold, GroupReport, report_on
from training.train import read_texts
from training.validation import Judged, judge, partitions

_HEAD = (
    "variant",
    "type macro-F1 (sd)",
    "against the base",
    "domains micro-F1 (sd)",
    "against the base",
    "no given post in training: type, domains",
)
_BEST = Recipe()
_THREE = (Block(field="title"), Block(field="lead"), Block(field="body"))
_OPENING = (
    Block(field="title", unit="character", low=2, high=3),
    Block(field="lead", unit="character", low=2, high=3),
)
_FIRST_ARTICLES = {f"s{number}" for number in range(1, 13)}
# The recipe of the first release: Platt's sigmoids, one source weighing as much as the other.
_FIRST = replace(
    _BEST,
    exclusive=Learner(blocks=(*_THREE, *_OPENING)),
    multi=Learner(blocks=(Block(field="whole"),), calibration="sigmoid"),
    trust=1.0,
)


def main() -> None:
    corpus = _corpus(sys.argv[1])
    first = _Variant("first recipe, 504 starter articles", _FIRST, _of_themes(corpus))
    print("## Step by step\n")
    _table(corpus, _steps(first), first)
    best = _Variant("the recipe", _BEST, corpus)
    print("\n## What each part brings\n")
    _table(corpus, [best, *_ablations(corpus)], best)
    print("\n## Learning curve\n")
    _curve(corpus)


class _Variant:
    """A recipe on some starter articles, judged on the given posts once asked."""

    def __init__(self, name: str, recipe: Recipe, corpus: Corpus, dictionary: str = "") -> None:
        self.name, self.corpus = name, corpus
        words = dictionary or shipped_dictionary()
        engine = open_segmenter("rjieba", dictionary_words(words))
        texts = read_texts(corpus, engine)
        self.problem = pose(corpus, count(texts, recipe.blocks), recipe)
        self.rows = np.flatnonzero(corpus.given)

    def judged(self, seeds: int = 10) -> list[Judged]:
        parted = partitions(self.problem, self.rows, list(range(seeds)))
        return judge(self.problem, parted, -1, lambda _done, _of: None)

    def unseen(self) -> list[Judged]:
        """Judged by a model of starter articles alone."""
        return judge(self.problem, [[self.rows]], 1, lambda _done, _of: None)

    def figures(self, judged: Sequence[Judged]) -> list[GroupReport]:
        return report_on(Gold.of(self.corpus), judged, self.rows)


def _corpus(path: str) -> Corpus:
    given = Given(scheme=shipped_scheme(), articles=[path])
    return read_corpus(given, lambda error: sys.exit(str(error)), lambda _notice: None)


def _of_themes(corpus: Corpus, themes: set[str] | None = None) -> Corpus:
    kept = _FIRST_ARTICLES if themes is None else themes
    samples = tuple(s for s in corpus.samples if s.theme is None or s.theme in kept)
    return replace(corpus, samples=samples)


def _steps(first: _Variant) -> Iterator[_Variant]:
    """From the first recipe to this one, a change at a time; each keeps those before it."""
    corpus = _corpus(sys.argv[1])
    yield first
    recipe = replace(_FIRST, multi=replace(_FIRST.multi, calibration="temperature"))
    old = _of_themes(corpus)
    yield _Variant("+ one temperature for all domains", recipe, old)
    recipe = replace(recipe, trust=_BEST.trust)
    yield _Variant("+ given posts weigh 10 in calibration and thresholds", recipe, old)
    yield _Variant("+ 128 starter articles", recipe, corpus)
    recipe = replace(recipe, exclusive=_BEST.exclusive)
    yield _Variant("+ last lines, given posts weigh 3 in types", recipe, corpus)
    yield _Variant("+ domain words in 3 articles or more (the recipe)", _BEST, corpus)


def _ablations(corpus: Corpus) -> Iterator[_Variant]:
    exclusive, multi = _BEST.exclusive, _BEST.multi

    def without(name: str, blocks: Sequence[Block]) -> _Variant:
        learner = replace(exclusive, blocks=tuple(blocks))
        return _Variant(name, replace(_BEST, exclusive=learner), corpus)

    words = [block for block in exclusive.blocks if block.unit == "word"]
    yield without("types without character n-grams", words)
    yield without("types without last lines", [b for b in exclusive.blocks if b.field != "last"])
    yield without("types without lead", [b for b in exclusive.blocks if b.field != "lead"])
    yield without("types without title", [b for b in exclusive.blocks if b.field != "title"])
    yield without("types without body", [b for b in exclusive.blocks if b.field != "body"])
    yield without("types from the whole text as one field", multi.blocks)
    logistic: Learner = replace(exclusive, classifier="logistic")
    domains: Learner = replace(multi, classifier="logistic")
    yield _Variant("logistic", replace(_BEST, exclusive=logistic, multi=domains), corpus)
    fields = replace(multi, blocks=tuple(replace(block, min_df=3) for block in _THREE))
    yield _Variant("domains from title, lead, body", replace(_BEST, multi=fields), corpus)
    platt = replace(multi, calibration="sigmoid")
    yield _Variant("domains with a sigmoid each", replace(_BEST, multi=platt), corpus)
    yield _Variant("thresholds of the greatest F1 (pull 0)", replace(_BEST, pull=0.0), corpus)
    yield _Variant("one threshold for all domains", replace(_BEST, pooled=True), corpus)
    yield _Variant("thresholds fixed at 0.5", replace(_BEST, pull=1e6), corpus)
    yield _Variant("given posts weigh 1 in calibration", replace(_BEST, trust=1.0), corpus)
    equal = replace(exclusive, given_weight=1.0)
    yield _Variant("given posts weigh 1 in types", replace(_BEST, exclusive=equal), corpus)
    heavy = replace(multi, given_weight=3.0)
    yield _Variant("given posts weigh 3 in domains", replace(_BEST, multi=heavy), corpus)
    yield _Variant("without our dictionary", _BEST, corpus, dictionary="# empty\n")
    only = replace(corpus, samples=tuple(s for s in corpus.samples if s.source == "given"))
    yield _Variant("without starter articles", _BEST, only)


def _table(
    corpus: Corpus, variants: Sequence[_Variant] | Iterator[_Variant], base: _Variant
) -> None:
    gold = corpus.strata[np.flatnonzero(corpus.given)]
    against = _answers(base, base.judged())
    print(f"| {' | '.join(_HEAD)} |")
    print("|---|---|---|---|---|---|")
    for variant in variants:
        judged = variant.judged()
        kinds, domains = variant.figures(judged)
        mine = _answers(variant, judged)
        columns = [
            f"{kinds.f1_macro.value:.3f} ({kinds.f1_macro.sd:.3f})",
            _difference(macro_f1, 0, against, mine, gold),
            f"{domains.f1_micro.value:.3f} ({domains.f1_micro.sd:.3f})",
            _difference(micro_f1, 1, against, mine, gold),
            _unseen(variant),
        ]
        print(f"| {variant.name} | {' | '.join(columns)} |", flush=True)


def _answers(variant: _Variant, judged: Sequence[Judged]) -> list[Bools]:
    return [one.given[variant.rows] for one in judged]


def _difference(metric: Metric, at: int, base: list[Bools], mine: list[Bools], gold: Bools) -> str:
    scheme = shipped_scheme()
    columns = scheme.columns(scheme.groups[at])
    found = paired_difference(
        metric,
        [one[:, columns] for one in base],
        [one[:, columns] for one in mine],
        gold[:, columns],
    )
    return (
        ""
        if found.low == found.high == 0
        else (f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})")
    )


def _unseen(variant: _Variant) -> str:
    if variant.problem.given.all():
        return ""
    kinds, domains = variant.figures(variant.unseen())
    return f"{kinds.f1_macro.value:.3f}, {domains.f1_micro.value:.3f}"


def _curve(corpus: Corpus) -> None:
    """Starter articles drawn at random, then the first 504 with some of the newer ones."""
    random = np.random.default_rng(0)
    starter = [s for s in corpus.samples if s.theme is not None]
    order = [starter[at] for at in random.permutation(len(starter))]
    newer = [s for s in order if s.theme not in _FIRST_ARTICLES]
    older = [s for s in order if s.theme in _FIRST_ARTICLES]
    given = tuple(s for s in corpus.samples if s.theme is None)
    sets = [(f"{n} of all", order[:n]) for n in (79, 158, 316, 474, 632)]
    sets += [(f"504 older, {n} newer", [*older, *newer[:n]]) for n in (0, 32, 64, 96, 128)]
    print("| starter articles | type macro-F1 | domains micro-F1 | no given post: type, domains |")
    print("|---|---|---|---|")
    for name, samples in sets:
        variant = _Variant(name, _BEST, replace(corpus, samples=(*given, *samples)))
        kinds, domains = variant.figures(variant.judged(5))
        both = f"{kinds.f1_macro.value:.3f} | {domains.f1_micro.value:.3f}"
        print(f"| {name} | {both} | {_unseen(variant)} |", flush=True)


if __name__ == "__main__":
    main()
