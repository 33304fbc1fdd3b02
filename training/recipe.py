"""The recipe: everything that was decided before training began."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

from labels.scheme import Group, Kind
from models.features import Block

Classifier = Literal["svm", "logistic", "average"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Learner:
    """How the groups of one kind, exclusive or multi, are learnt.

    Attributes:
        blocks: the features.
        classifier: a linear support vector machine, logistic regression, or the average of the
            two, each scaled to scores of the same size. All are linear in the features.
        c: inverse strength of the regularisation.
        balanced: whether rare labels weigh as much as frequent ones.
        given_weight: how many starter articles a given one weighs.
        calibration: of the scores; a temperature for all labels together, or a sigmoid each.
    """

    blocks: tuple[Block, ...]
    classifier: Classifier = "svm"
    c: float = 1.0
    balanced: bool = True
    given_weight: float = 1.0
    calibration: Literal["temperature", "sigmoid"] = "temperature"


# The winners of a search, see docs/accuracy.md. Types are told apart by how a post opens and
# ends as much as by what it says: title, lead, body and last lines are fields of their own, with
# character n-grams where words are few. Domains are in the words of the whole.
_EXCLUSIVE = Learner(
    blocks=(
        Block(field="title"),
        Block(field="lead"),
        Block(field="body"),
        Block(field="last"),
        Block(field="title", unit="character", low=2, high=3),
        Block(field="lead", unit="character", low=2, high=3),
        Block(field="last", unit="character", low=2, high=3),
    ),
    c=3.0,
    given_weight=3.0,
)
_MULTI = Learner(blocks=(Block(field="whole", min_df=3),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Equal recipes on equal data give equal models.

    Attributes:
        exclusive: how exclusive groups are learnt.
        multi: how multi groups are learnt.
        folds: parts of a cross-validation, outside and inside alike.
        partitions: how often the evaluation is repeated, with other folds each time.
        trust: how many starter articles a given one weighs where calibration and thresholds
            are learnt.
        pull: how strongly thresholds of multi labels are drawn to 0.5, see
            ``training.thresholds``.
        pooled: whether all labels of a multi group share one threshold.
        sure: the probability that a best label of an exclusive group needs to pass unseen.
        margin: a multi label this close to its threshold goes to review.
        precision: where not None, labels pass unseen only where this precision can be promised,
            see ``training.abstention``.
        seed: of folds and of the solver.
    """

    exclusive: Learner = _EXCLUSIVE
    multi: Learner = _MULTI
    folds: int = 5
    partitions: int = 10
    trust: float = 10.0
    pull: float = 1.0
    pooled: bool = False
    sure: float = 0.6
    margin: float = 0.15
    precision: float | None = None
    seed: int = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block once, in a fixed order."""
        return tuple(dict.fromkeys((*self.exclusive.blocks, *self.multi.blocks)))

    def learner_of(self, group: Group) -> Learner:
        return self.exclusive if group.exclusive else self.multi

    def having(self, kind: Kind, learner: Learner) -> Recipe:
        """The same recipe with another learner for groups of one kind."""
        if kind == "exclusive":
            return replace(self, exclusive=learner)
        return replace(self, multi=learner)

    def as_json(self) -> dict[str, object]:
        return asdict(self)
