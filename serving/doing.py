"""Doing a work: the articles of a block are tagged, and compared where that is asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from labels.article import Article, article_from
from labels.blocks import Block, Item, place_of
from labels.errors import InputError
from models.prediction import Prediction
from models.predictor import Predictor
from models.version import load_predictor
from serving.difference import Before, change_row, count, is_changed, labelled, predicted
from serving.fingerprint import refuse_replaced
from serving.output import encoded
from serving.work import LABELS, Done, Work

Settled = tuple[Prediction, Before | None]


def tag_block(work: Work, block: Block) -> Done:
    """Tag the articles of a block; rows that cannot be read or tagged are errors, in order.

    Raises:
        VersionError: a version cannot be loaded.
    """
    versions = _open(work)
    columns = dict(work.columns)
    read = [_article(item, columns) for item in block.items()]
    answers = iter(_settled(work, versions, [one for one in read if isinstance(one, Article)]))
    found = [next(answers) if isinstance(one, Article) else one for one in read]
    settled = [one for one in found if not isinstance(one, InputError)]
    errors = [one for one in found if isinstance(one, InputError)]
    return _done(work, settled, errors)


def _article(item: Item, columns: dict[str, str]) -> Article | InputError:
    if isinstance(item, InputError):
        return item
    where, row = item
    try:
        return article_from(row, where, columns)
    except InputError as error:
        return error


def _settled(
    work: Work, versions: _Versions, articles: Sequence[Article]
) -> Iterator[Settled | InputError]:
    """What each article is called now, and what it was called before."""
    answers = _answers(versions.now, articles, work.explain)
    scheme = versions.now.model.scheme
    others: Sequence[Before | InputError | None]
    if work.against == LABELS:
        others = [labelled(scheme, article) for article in articles]
    elif versions.before is not None:
        told = _answers(versions.before, articles, 0)
        others = [one if isinstance(one, InputError) else predicted(one) for one in told]
    else:
        others = [None] * len(articles)
    for answer, other in zip(answers, others, strict=True):
        if isinstance(answer, InputError):
            yield answer
        elif isinstance(other, InputError):
            yield other
        else:
            yield answer, other


def _answers(
    predictor: Predictor, articles: Sequence[Article], explain: int
) -> Sequence[Prediction | InputError]:
    """One an article. An article that makes a predictor fail must not stop the others."""
    try:
        return predictor.predict(articles, explain)
    except Exception:  # noqa: BLE001 - whatever it was: which article it was is found one by one
        return [_answer(predictor, article, explain) for article in articles]


def _answer(predictor: Predictor, article: Article, explain: int) -> Prediction | InputError:
    try:
        return predictor.predict([article], explain)[0]
    except Exception as error:  # noqa: BLE001 - a fault of ours, and told as one
        what = f"cannot be tagged ({type(error).__name__})"
        return InputError(article.where, what, "Report it, with the article if you may")


def _done(work: Work, settled: Sequence[Settled], errors: Sequence[InputError]) -> Done:
    counts = Counter(tagged=len(settled), rejected=len(errors))
    counts["review"] = sum(now.review for now, _ in settled)
    shown, changes = [], []
    for now, before in settled:
        changed = before is not None and is_changed(now, before)
        if before is not None:
            counts += count(now, before)
        if before is not None and changed:
            changes.append(change_row(now, before))
        if changed or not work.only_changed:
            shown.append(now)
    streams = {
        "output": encoded(work.rows, shown),
        "rejects": rejected(errors),
        "changed": "".join(changes).encode(),
    }
    return Done(streams=streams, counts=counts, errors=errors)


def rejected(errors: Sequence[InputError]) -> bytes:
    """A line each, for the rejects file: source, unit and position in it, reason and fix."""
    # The name of a file may be no valid Unicode.
    return "".join(_reject_row(error) for error in errors).encode(errors="backslashreplace")


def _reject_row(error: InputError) -> str:
    source, unit, position = place_of(error.where)
    row = {"source": source, "unit": unit, "position": position}
    return json.dumps({**row, "reason": error.what, "fix": error.fix}, ensure_ascii=False) + "\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Versions:
    """The version of a work, loaded, and the one that it is compared with."""

    now: Predictor
    before: Predictor | None


@lru_cache(maxsize=2)
def _open(work: Work) -> _Versions:
    other = work.against not in {"", LABELS}
    now = load_predictor(Path(work.model), work.segmenter)
    refuse_replaced(work)
    return _Versions(
        now=now,
        before=load_predictor(Path(work.against), work.segmenter) if other else None,
    )
