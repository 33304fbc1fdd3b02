"""The recipe: everything that was decided before training began."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from labels.scheme import Group
from models.features import Block

# Types are told apart by how a post opens as much as by what it says: title, lead and body
# are fields of their own, with character n-grams where words are few.
_EXCLUSIVE = (
    Block(field="title"),
    Block(field="lead"),
    Block(field="body"),
    Block(field="title", unit="character", low=2, high=3),
    Block(field="lead", unit="character", low=2, high=3),
)
_MULTI = (Block(field="whole"),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Equal recipes on equal data give equal models.

    Attributes:
        exclusive: the features of exclusive groups.
        multi: the features of multi groups.
        c: inverse strength of the regularisation of the linear SVM.
        folds: parts of a cross-validation, outside and inside alike.
        partitions: how often the evaluation is repeated, with other folds each time.
        pull: how strongly thresholds of multi labels are drawn to 0.5, see
            ``training.thresholds``.
        sure: the probability that the best label of an exclusive group needs to pass unseen.
        margin: a multi label this close to its threshold goes to review.
        seed: of folds and of the solver.
    """

    exclusive: tuple[Block, ...] = _EXCLUSIVE
    multi: tuple[Block, ...] = _MULTI
    c: float = 1.0
    folds: int = 5
    partitions: int = 10
    pull: float = 1.0
    sure: float = 0.6
    margin: float = 0.15
    seed: int = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block once, in a fixed order."""
        return tuple(dict.fromkeys((*self.exclusive, *self.multi)))

    def blocks_of(self, group: Group) -> tuple[Block, ...]:
        return self.exclusive if group.exclusive else self.multi

    def as_json(self) -> dict[str, object]:
        return asdict(self)
