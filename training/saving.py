"""How a trained model becomes a version in the store."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from time import perf_counter

import joblib
import numpy as np

from labels.corpus import Corpus, plain
from labels.errors import StateError
from models.golden import write_golden
from models.manifest import FORMAT, Manifest
from models.prediction import DECIMALS
from models.predictor import Predictor
from models.store import Store
from models.sums import PIPELINE
from models.version import calibration_as_json, write_model
from training.comparing import compare_with_live
from training.comparison import COMPARISON, not_compared
from training.linear import Floats
from training.sides import SEARCH
from training.train import Trained

# Whose releases can change a score or the reading of a file.
_LIBRARIES = ("newstag", "numpy", "scipy", "scikit-learn", "joblib", "rjieba", "jieba")
_TIMED = 200  # articles
# What files of another making, under sums that are right, can raise.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """What is told of how a version was made: ``seconds`` of training, and the code's commit."""

    seconds: float | None = None
    commit: str = ""


def save(store: Store, trained: Trained, now: datetime, making: Making | None = None) -> Path:
    """Write a version directory, whole or not at all; returns where it lies.

    ``now`` is in UTC. A champion of the store is compared with, for the version to remember.
    """
    name = f"{now:%Y%m%dT%H%M%SZ}-{_digest(trained)[:8]}"

    def write(folder: Path) -> None:
        write_model(folder, trained.model)
        predictor = Predictor(trained.model, name, trained.segmenter)
        told = making or Making()
        measured = {
            **({} if told.seconds is None else {"train_seconds": told.seconds}),
            "microseconds_an_article": _microseconds(predictor, trained.corpus),
            "model_bytes": sum(path.stat().st_size for path in folder.iterdir()),
        }
        _manifest(trained, name, now, told.commit, measured).write(folder)
        write_golden(folder, predictor)
        _write_evidence(folder, trained)
        _write_comparison(folder, name, store)

    return store.save(name, write)


def _microseconds(predictor: Predictor, corpus: Corpus) -> float:
    """How long an article takes, of some of the corpus; the machine's noise is in it."""
    articles = [sample.article for sample in corpus.samples[:_TIMED]]
    times = []
    for _ in range(3):  # the first pass reads what the others find
        start = perf_counter()
        predictor.predict(articles)
        times.append(perf_counter() - start)
    return min(times) / len(articles) * 1e6


def _write_comparison(folder: Path, name: str, store: Store) -> None:
    """What is different from the champion, or why that cannot be told."""
    champion = None
    try:
        champion = store.champion()
        if champion is None:
            return
        told = compare_with_live(store.root / champion, folder).as_dict()
    except StateError as error:  # damaged, or of another scheme: no reason not to save
        told = not_compared(champion or "none", name, error.what).as_dict()
    except _MALFORMED as error:  # a champion of another making: minutes of training would be lost
        why = f"the champion is not what newstag wrote ({type(error).__name__})"
        told = not_compared(champion or "none", name, why).as_dict()
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (folder / COMPARISON).write_text(text + "\n", "utf-8")


def _digest(trained: Trained) -> str:
    """Of what was learnt: equal recipes on equal data give equal digests."""
    digest = hashlib.sha256(trained.corpus.digest().encode())
    digest.update(json.dumps(trained.recipe.as_json(), sort_keys=True).encode())
    digest.update(trained.model.dictionary.encode())
    digest.update(trained.model.scorer.weights.tobytes())
    return digest.hexdigest()


def _manifest(
    trained: Trained, name: str, now: datetime, commit: str, measured: Mapping[str, float]
) -> Manifest:
    model = trained.model
    return Manifest(
        format=FORMAT,
        version=name,
        created=now.isoformat(timespec="seconds"),
        commit=commit,
        scheme_digest=model.scheme.digest(),
        dictionary_digest=hashlib.sha256(model.dictionary.encode()).hexdigest(),
        corpus_digest=trained.corpus.digest(),
        segmenter=trained.segmenter,
        recipe=trained.recipe.as_json(),
        blocks=[asdict(block) for block in model.scorer.blocks],
        intercepts=model.scorer.intercepts.tolist(),
        calibrations={g: calibration_as_json(c) for g, c in model.calibrations.items()},
        rules={group: asdict(rule) for group, rule in model.rules.items()},
        counts=_counts(trained.corpus),
        metrics={**trained.report.metrics(), **measured},
        libraries={name: installed(name) for name in _LIBRARIES},
    )


def _counts(corpus: Corpus) -> dict[str, int]:
    """How many articles came from where, and who labelled the given ones."""
    labelled = Counter(s.labelled_by for s in corpus.samples if s.source == "given")
    given = int(corpus.given.sum())
    return {
        "articles": len(corpus),
        "given": given,
        "starter": len(corpus) - given,
        **{f"given, labelled by {by}": count for by, count in sorted(labelled.items())},
    }


def _write_evidence(folder: Path, trained: Trained) -> None:
    _write_lines(folder / "oof.jsonl", _out_of_fold(trained))
    _write_lines(folder / "corpus.jsonl", _corpus_rows(trained.corpus))
    if trained.trials:
        _write_lines(folder / SEARCH, (trial.as_json() for trial in trained.trials))
    report = json.dumps(asdict(trained.report), ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(report + "\n", "utf-8")
    joblib.dump(trained.fitted.as_pipelines(), folder / PIPELINE, compress=3)


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), "utf-8")


def _out_of_fold(trained: Trained) -> Iterator[dict[str, object]]:
    for sample, likely in zip(trained.corpus.samples, trained.likely, strict=True):
        yield {
            "id": sample.article.id,
            "source": sample.source,
            "gold": plain(sample.labels),
            "scores": _named(trained, likely),
        }


def _named(trained: Trained, likely: Floats) -> dict[str, dict[str, float | None]]:
    """Scores by group and label; None where no model of the other folds had learnt the label."""
    rounded = [round(float(value), DECIMALS) if np.isfinite(value) else None for value in likely]
    scheme = trained.corpus.scheme
    return {
        group.id: dict(zip(group.ids, rounded[scheme.columns(group)], strict=True))
        for group in scheme.groups
    }


def _corpus_rows(corpus: Corpus) -> Iterator[dict[str, object]]:
    """What the model was trained on, without a word of it."""
    for sample, sketch in zip(corpus.samples, corpus.sketches, strict=True):
        yield {
            "id": sample.article.id,
            "text": sample.article.text_digest(),
            "sketch": sketch.astype(">u4").tobytes().hex(),
        }
