"""What a run of MLflow says of a version: its name, tags, parameters and metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from models.features import Block
from models.manifest import Manifest
from training.report import Report

# Beside the groups' own, which begin with the group's id.
_GENERAL = ("evaluated_articles", "train_seconds", "microseconds_an_article", "model_bytes")


def run_name(manifest: Manifest, report: Report) -> str:
    """How well it does and when it was trained; a list shows the beginning, beside the time."""
    figures = " ".join(
        f"{g.group} {(g.f1_macro if g.exclusive else g.f1_micro).value:.3f}" for g in report.groups
    )
    return f"{figures or 'nothing measured'} ({manifest.created[:16].replace('T', ' ')})"


def tags(manifest: Manifest, report: Report, sums: str) -> dict[str, str]:
    """What a run is found by, and what it was made from; digests are SHA-256."""
    recipe = json.dumps(manifest.recipe, sort_keys=True).encode()
    found = {
        "version": manifest.version,
        "sums": sums,
        "evaluated_source": report.source,
        "scheme_digest": manifest.scheme_digest,
        "dictionary_digest": manifest.dictionary_digest,
        "corpus_digest": manifest.corpus_digest,
        "recipe_digest": hashlib.sha256(recipe).hexdigest(),
    }
    if manifest.commit:
        found |= {"git_commit": manifest.commit, "mlflow.source.git.commit": manifest.commit}
    return found


def metrics(manifest: Manifest, report: Report, coverage: Mapping[str, float]) -> dict[str, float]:
    """The figures to sort and to chart runs by; the others are in the tables.

    ``coverage`` by group is the share of articles that pass where the target precision holds.
    """
    found = dict(_figures(report))
    found |= {f"{group}_coverage_at_target": share for group, share in coverage.items()}
    if report.groups:
        found["f1_macro"] = float(np.mean([group.f1_macro.value for group in report.groups]))
    return found | {name: manifest.metrics[name] for name in _GENERAL if name in manifest.metrics}


def _figures(report: Report) -> Iterator[tuple[str, float]]:
    for group in report.groups:
        name = group.group
        for kind, spread in (("macro", group.f1_macro), ("micro", group.f1_micro)):
            yield f"{name}_f1_{kind}", spread.value
            yield f"{name}_f1_{kind}_low", spread.low
            yield f"{name}_f1_{kind}_high", spread.high
        for label in group.labels:
            yield f"{name}_f1_{label.label}", label.f1.value
        yield f"{name}_reviewed", group.reviewed
        yield f"{name}_kept_right", group.kept_right.value
        yield f"{name}_calibration_error", group.calibration_error.value
    for group in report.themes:
        yield f"{group.group}_f1_macro_leave_one_theme_out", group.f1_macro.value


def params(manifest: Manifest) -> dict[str, object]:
    """The recipe, what is nested in it by its path, its blocks as readable names."""
    plain: dict[str, object] = {"segmenter": manifest.segmenter}
    for key, value in manifest.recipe.items():
        plain |= learner_params(f"{key}.", value) if isinstance(value, dict) else {key: value}
    return plain


def learner_params(prefix: str, learner: Mapping[str, Any]) -> dict[str, object]:
    """A learner as MLflow's flat parameters."""
    named = ", ".join(Block(**block).name for block in learner["blocks"])
    return {f"{prefix}{key}": value for key, value in learner.items()} | {f"{prefix}blocks": named}
