"""The choice among learners that were tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from labels.scheme import Kind
from training.problem import Problem
from training.recipe import Learner, Recipe

Recipes = Mapping[tuple[int, int], Recipe]  # by partition and fold


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How well a learner did on some articles."""

    loss: float
    f1: float


def _worth(mark: Mark | None) -> float:
    """Where nothing was measured all learners are alike."""
    return 0.0 if mark is None else mark.f1 - mark.loss


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a learner did in one partition: on all of it, and with each fold ``without``.

    None where no article has a known label.
    """

    whole: Mark | None
    without: Sequence[Mark | None]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one learner did, over all partitions.

    ``f1`` is macro-F1 where exclusive, else micro-F1 at probability 0.5; ``loss`` the log loss
    of calibrated probabilities; None where no judged article has a label of such a group.
    ``starter_f1`` and ``starter_loss`` are those on starter articles, whole themes left out.
    ``worth`` is what the choice goes by, the greater the better: F1 - log loss, of given and of
    starter articles together. ``chosen`` is the share of outer folds, of themes where there are
    starter articles only, for which the learner was taken without a look at the fold.
    """

    kind: Kind
    learner: Learner
    f1: float | None
    loss: float | None
    starter_f1: float | None
    starter_loss: float | None
    worth: float
    chosen: float
    best: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Found:
    """``recipe`` is the best of all.

    ``recipes`` by partition and fold, and ``themes`` by fold of whole themes (partition 0),
    hold the one found without the fold. ``themes`` is empty beside given articles, which alone
    are judged then.
    """

    recipe: Recipe
    recipes: Recipes
    themes: Recipes
    trials: Sequence[Trial]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a learner did: in each partition of the evaluated articles, and on starter themes.

    ``share`` is how much the partitions weigh against the themes. Starter articles alone are
    no measure of themselves: there the themes choose, for articles to come and for the figures
    of themes. How starter articles predict each other, style and all, is told with learners
    that were chosen so as well.
    """

    own: Sequence[Outcome]
    themes: Outcome | None
    share: float

    @property
    def worth(self) -> float:
        return self._beside_themes(float(np.mean([_worth(one.whole) for one in self.own])))

    def worth_without(self, partition: int, fold: int) -> float:
        mark = self.own[partition].without[fold]
        if mark is not None and not self.share:  # starter articles alone, which themes have seen
            return _worth(mark)
        return self._beside_themes(_worth(mark))

    def _beside_themes(self, own: float) -> float:
        if self.themes is None:
            return own
        return self.share * own + (1 - self.share) * _worth(self.themes.whole)


def share_of_given(problem: Problem, kind: Kind) -> float:
    """How much given articles choose: each has as many votes as the recipe trusts it.

    Those with a known label of such a group have a vote, near-duplicates together one.
    """
    groups = [at for at, group in enumerate(problem.scheme.groups) if group.kind == kind]
    known = problem.known[:, groups].any(axis=1)
    given, starter = (
        len(np.unique(problem.clusters[known & of_source]))
        for of_source in (problem.given, ~problem.given)
    )
    votes = problem.recipe.trust * given
    return votes / max(votes + starter, 1)


def choose(
    recipe: Recipe, tried: Mapping[Kind, Mapping[Learner, Standing]], parts: Sequence[int]
) -> Found:
    """The best learner of each kind; ``parts`` says how many folds each partition has."""
    places = [(at, fold) for at, count in enumerate(parts) for fold in range(count)]
    recipes, themes = dict.fromkeys(places, recipe), dict[tuple[int, int], Recipe]()
    trials: list[Trial] = []
    for kind, standings in tried.items():
        best = max(standings, key=lambda one: standings[one].worth)
        recipe = recipe.having(kind, best)
        taken = {
            place: max(standings, key=lambda one: standings[one].worth_without(*place))
            for place in places
        }
        recipes = {place: recipes[place].having(kind, one) for place, one in taken.items()}
        of_themes = _taken_of_themes(standings)
        if of_themes:
            themes = {
                place: themes.get(place, recipe).having(kind, one)
                for place, one in of_themes.items()
            }
        trials += _trials(kind, standings, best, Counter((of_themes or taken).values()))
    return Found(recipe=recipe, recipes=recipes, themes=themes, trials=trials)


def _taken_of_themes(standings: Mapping[Learner, Standing]) -> dict[tuple[int, int], Learner]:
    """The best learner without each fold of themes; none where the themes are not judged."""
    outcomes = {one: standing.themes for one, standing in standings.items() if standing.themes}
    folds = min((len(outcome.without) for outcome in outcomes.values()), default=0)
    return {
        (0, fold): max(outcomes, key=lambda one: _worth(outcomes[one].without[fold]))
        for fold in range(folds)
    }


def _trials(
    kind: Kind, standings: Mapping[Learner, Standing], best: Learner, taken: Counter[Learner]
) -> list[Trial]:
    trials = []
    for learner, standing in standings.items():
        own = [one.whole for one in standing.own if one.whole]
        beside = standing.themes.whole if standing.themes else None
        trials.append(
            Trial(
                kind=kind,
                learner=learner,
                f1=float(np.mean([one.f1 for one in own])) if own else None,
                loss=float(np.mean([one.loss for one in own])) if own else None,
                starter_f1=beside.f1 if beside else None,
                starter_loss=beside.loss if beside else None,
                worth=standing.worth,
                chosen=taken[learner] / taken.total(),
                best=learner == best,
            )
        )
    return trials
