"""How a trained model becomes a version in the store."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path

import joblib
import numpy as np

from labels.corpus import Corpus, plain
from models.golden import write_golden
from models.manifest import FORMAT, Manifest
from models.prediction import DECIMALS
from models.predictor import Predictor
from models.store import Store
from models.version import calibration_as_json, write_model
from training.linear import Floats
from training.train import Trained

# Whose releases can change a score or the reading of a file.
_LIBRARIES = ("newstag", "numpy", "scipy", "scikit-learn", "joblib", "rjieba", "jieba")


def save(store: Store, trained: Trained, now: datetime) -> Path:
    """Write a version directory, whole or not at all; returns where it lies.

    ``now`` is in UTC.
    """
    name = f"{now:%Y%m%dT%H%M%SZ}-{_digest(trained)[:8]}"
    return store.save(name, lambda folder: _write(folder, trained, _manifest(trained, name, now)))


def _digest(trained: Trained) -> str:
    """Of what was learnt: equal recipes on equal data give equal digests."""
    digest = hashlib.sha256(trained.corpus.digest().encode())
    digest.update(json.dumps(trained.recipe.as_json(), sort_keys=True).encode())
    digest.update(trained.model.scorer.weights.tobytes())
    return digest.hexdigest()


def _manifest(trained: Trained, name: str, now: datetime) -> Manifest:
    model = trained.model
    return Manifest(
        format=FORMAT,
        version=name,
        created=now.isoformat(timespec="seconds"),
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
        metrics=trained.report.metrics(),
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


def _write(folder: Path, trained: Trained, manifest: Manifest) -> None:
    write_model(folder, trained.model)
    manifest.write(folder)
    write_golden(folder, Predictor(trained.model, manifest.version, trained.segmenter))
    _write_lines(folder / "oof.jsonl", _out_of_fold(trained))
    _write_lines(folder / "corpus.jsonl", _corpus_rows(trained.corpus))
    if trained.trials:
        _write_lines(folder / "search.jsonl", (trial.as_json() for trial in trained.trials))
    report = json.dumps(asdict(trained.report), ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(report + "\n", "utf-8")
    joblib.dump(trained.fitted.as_pipelines(), folder / "pipeline.joblib", compress=3)


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
