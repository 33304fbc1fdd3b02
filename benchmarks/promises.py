"""Of starter articles alone: leave-one-theme-out, and what a promise learnt there keeps.

    python benchmarks/promises.py > tables.md

takes some seconds. A label is given from a probability of 0.5 on, which is near the thresholds
that training learns.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import numpy as np

from labels.joining import Given, read_corpus
from labels.scheme import shipped_scheme
from models.decision import Rule
from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary
from training.abstention import promise
from training.counts import Rows, count
from training.problem import Problem, pose
from training.recipe import Recipe
from training.report import Gold, report_on
from training.train import read_texts, theme_rows
from training.validation import Judged, judge

_SPLITS = 200
_PRECISION = 0.95
_HEAD = (
    "label",
    f"{_SPLITS} random halves",
    "halves in which something passes",
    "of these, precision 0.95 or more",
    "mean share that passes",
)


def main() -> None:
    given = Given(scheme=shipped_scheme(), articles=[])
    only = read_corpus(given, lambda error: sys.exit(str(error)), lambda _notice: None)
    segmenter = open_segmenter("rjieba", dictionary_words(shipped_dictionary()))
    problem = pose(only, count(read_texts(only, segmenter), Recipe().blocks), Recipe())
    themes = theme_rows(only)
    (judged,) = judge(problem, [themes], -1, lambda _done, _of: None)
    for group in report_on(Gold.of(only), [judged], np.arange(len(only))):
        print(
            f"- {group.group}: macro-F1 {group.f1_macro.value:.3f}, micro-F1 "
            f"{group.f1_micro.value:.3f}, calibration error {group.calibration_error.value:.3f}"
        )
    print(f"\n| {' | '.join(_HEAD)} |")
    print("|---|---|---|---|---|")
    apart = [np.flatnonzero(only.clusters == one) for one in np.unique(only.clusters)]
    for halves, parts in (("of articles", apart), ("of whole themes", themes)):
        for at in range(len(problem.scheme.groups)):
            for name, kept, held, coverage in _splits(problem, judged, parts, at):
                columns = f"{kept} | {held:.1%} | {coverage:.1%}" if kept else "0 |  | 0.0%"
                print(f"| {name} | {halves} | {columns} |")


def _splits(
    problem: Problem, judged: Judged, parts: Sequence[Rows], at: int
) -> Iterator[tuple[str, int, float, float]]:
    """Of all labels of a group and of each: how many of the splits let something pass, the share
    of those whose precision was kept, and the mean share of given labels that passed.
    """
    group = problem.scheme.groups[at]
    columns, count = problem.scheme.columns(group), len(group.ids)
    likely, gold = judged.likely[:, columns], problem.targets[:, columns]
    rule = Rule(thresholds=(0.5,) * count, sure=(1.0,) * count, margin=0.0, trained=(True,) * count)
    random = np.random.default_rng(0)
    tables = []
    for _ in range(_SPLITS):
        order = random.permutation(len(parts))
        first, second = np.array_split(order, 2)
        learnt = np.concatenate([parts[part] for part in first])
        measured = np.concatenate([parts[part] for part in second])
        clusters = problem.clusters[learnt]
        sure = promise(group, rule, likely[learnt], gold[learnt], clusters, _PRECISION)[0].sure
        found = likely[measured]
        given = found >= 0.5
        if group.exclusive:
            given = np.arange(count) == found.argmax(axis=1)[:, None]
        kept = given & (found >= np.array(sure))
        tables.append([(kept & gold[measured]).sum(0), kept.sum(0), given.sum(0)])
    counts = np.array(tables)  # (splits, 3, labels)
    every = counts.sum(axis=2, keepdims=True)
    for name, one in zip(("all", *group.ids), (every, *np.moveaxis(counts, 2, 0)), strict=True):
        right, kept, given = one.reshape(_SPLITS, 3).T
        some = kept > 0
        held = float(np.mean(right[some] / kept[some] >= _PRECISION)) if some.any() else 0.0
        yield (
            f"{group.id}: {name}",
            int(some.sum()),
            held,
            float(np.mean(kept / np.maximum(given, 1))),
        )


if __name__ == "__main__":
    main()
