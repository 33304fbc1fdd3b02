"""Refusals: corpora that no model can be learnt from."""

from __future__ import annotations

from labels.corpus import Corpus
from labels.errors import InputError
from labels.scheme import Group
from training.counts import Rows
from training.deciding import Deciding
from training.linear import LEAST_MEASURED, distinct, labels_of


def refuse_too_little(corpus: Corpus) -> None:
    """Before the work begins, where there is too little to learn a group from.

    Raises:
        InputError: the articles are empty, or too few of a group are labelled.
    """
    if not any(s.article.title.strip() or s.article.content.strip() for s in corpus.samples):
        fix = "Give articles with titles or contents"
        raise InputError("training", "the articles are empty", fix)
    for group in corpus.scheme.groups:
        known = corpus.known(group)
        targets, clusters = corpus.targets(group)[known], corpus.clusters[known]
        if labels_of(group, targets, clusters, LEAST_MEASURED).sum() < _least(group):
            raise _too_little(group, distinct(targets, clusters))


def refuse_untrained(corpus: Corpus, deciding: Deciding) -> None:
    """After it, where no model could judge the labels of a group on articles new to it.

    Raises:
        InputError: such a group.
    """
    for group in corpus.scheme.groups:
        if sum(deciding.rules[group.id].trained) < _least(group):
            raise InputError(
                "training",
                f"no model could judge {group.id}: the articles of a label are all "
                "near-duplicates of one another, or of one theme",
                "Give articles of other sources",
            )


def _least(group: Group) -> int:
    """How many labels must be learnt for a group to be of use."""
    return 2 if group.exclusive else 1


def _too_little(group: Group, counts: Rows) -> InputError:
    named = zip(group.ids, counts.tolist(), strict=True)
    without = "" if group.exclusive else ", and as many without it"
    return InputError(
        "training",
        f"too few labelled articles for {group.id}, near-duplicates counted once: "
        + ", ".join(f"{label} {count}" for label, count in named),
        f"Give at least {LEAST_MEASURED} articles each for {_least(group)} or more of its "
        f"labels{without}",
    )
