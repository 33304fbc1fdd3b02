"""What a run of MLflow says of a version: its name, tags, parameters and metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.features import Block
from models.manifest import Manifest
from training.comparison import Comparison
from training.report import Report

# Beside those of the report.
_GENERAL = ("train_seconds", "microseconds_an_article", "model_bytes")
_VERDICT = 250  # characters


def run_name(manifest: Manifest, report: Report) -> str:
    """Macro-F1 of every group and when it was trained; a list shows the beginning."""
    figures = " ".join(f"{group.group} {group.f1_macro.value:.3f}" for group in report.groups)
    return f"{figures or 'nothing measured'} ({manifest.created[:16].replace('T', ' ')} UTC)"


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


def registered_tags(manifest: Manifest, report: Report, sums: str) -> dict[str, str]:
    """The few tags of a registered version that people read there; its run has the others."""
    kept = ("version", "sums", "git_commit")
    found = {key: value for key, value in tags(manifest, report, sums).items() if key in kept}
    figures = metrics(manifest, report)
    shown = ("f1_macro", *(f"{group.group}_f1_macro" for group in report.groups))
    return found | {name: f"{figures[name]:.4f}" for name in shown if name in figures}


def verdict(comparison: Comparison | None) -> dict[str, str]:
    """A tag that says in a sentence how it does against the champion; none without one."""
    if comparison is None:
        return {}
    against = f" (against {comparison.first})"
    said, room = comparison.verdict, _VERDICT - len(against)
    return {"verdict": f"{said if len(said) <= room else f'{said[: room - 1]}…'}{against}"}


def metrics(manifest: Manifest, report: Report) -> dict[str, float]:
    """The figures to sort and to chart runs by, rounded; the others are in the tables.

    The first is ``f1_macro``, the mean of the groups.
    """
    found: dict[str, float] = {}
    if report.groups:
        found["f1_macro"] = float(np.mean([group.f1_macro.value for group in report.groups]))
    found |= report.metrics(main=True)
    rounded = {name: round(value, 4) for name, value in found.items()}
    return rounded | {
        name: round(manifest.metrics[name], 1) for name in _GENERAL if name in manifest.metrics
    }


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
