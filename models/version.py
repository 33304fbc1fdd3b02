"""A model version: a directory of data, never code, that a predictor is loaded from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labels.errors import InputError, VersionError
from labels.scheme import Scheme, read_scheme
from models.arrays import read_scorer, write_scorer
from models.calibration import Calibration, Sigmoid, Temperature
from models.decision import Rule
from models.features import Block
from models.golden import replay_golden
from models.manifest import Manifest, check_digests, read_manifest
from models.model import Model
from models.predictor import Predictor
from models.segmentation import SegmenterName
from models.sums import check_sums

# What data of another making, under sums that are right, can raise on its way to a predictor.
_MALFORMED = (ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError)


def load_predictor(folder: Path, segmenter: SegmenterName = "rjieba") -> Predictor:
    """Verify a version directory and open it; weights stay on disk, memory-mapped.

    Raises:
        VersionError: an extra, missing or altered file, another format, a moved golden text.
    """
    manifest = read_manifest(folder)
    check_sums(folder)
    try:
        predictor = Predictor(_read_model(folder, manifest), manifest.version, segmenter)
        replay_golden(folder, predictor)
    except (*_MALFORMED, OSError, InputError) as error:
        what = f"not a version that newstag wrote ({type(error).__name__})"
        raise VersionError(str(folder), what, "Train again") from error
    return predictor


def write_model(folder: Path, model: Model) -> None:
    """Write weights, vocabularies, scheme and dictionary; the manifest holds the rest."""
    write_scorer(folder, model.scorer)
    (folder / "scheme.toml").write_text(scheme_text(model.scheme), "utf-8")
    (folder / "dictionary.txt").write_text(model.dictionary, "utf-8")


def scheme_text(scheme: Scheme) -> str:
    """The scheme as TOML that ``read_scheme`` reads back to an equal scheme."""
    lines = []
    for group in scheme.groups:
        lines += [f"[groups.{group.id}]", f"kind = {_quoted(group.kind)}"]
        lines += [f"zh = {_quoted(group.zh)}", f"en = {_quoted(group.en)}", ""]
        for label in group.labels:
            lines.append(f"[[groups.{group.id}.labels]]")
            lines += [f"{key} = {_quoted(value)}" for key, value in asdict(label).items()]
            lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return (
        '"'
        + "".join(
            escapes.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 0x20 or ord(c) == 0x7F else c)
            for c in text
        )
        + '"'
    )


def _read_model(folder: Path, manifest: Manifest) -> Model:
    scheme = read_scheme(folder / "scheme.toml")
    check_digests(folder, manifest, scheme.digest())
    blocks = tuple(Block(**_any(block)) for block in manifest.blocks)
    scorer = read_scorer(folder, blocks, manifest.intercepts, len(scheme.outputs))
    _check_groups(folder, manifest, scheme)
    return Model(
        scheme=scheme,
        dictionary=(folder / "dictionary.txt").read_text("utf-8"),
        scorer=scorer,
        calibrations={g: calibration_from(c) for g, c in manifest.calibrations.items()},
        rules={g: rule_from(r) for g, r in manifest.rules.items()},
    )


def _check_groups(folder: Path, manifest: Manifest, scheme: Scheme) -> None:
    for name in ("calibrations", "rules"):
        held = getattr(manifest, name)
        if held.keys() != {group.id for group in scheme.groups}:
            what = f"{name} that are not those of the scheme's groups"
            raise VersionError(str(folder), what, "Train again")


def _any(raw: Mapping[str, object]) -> dict[str, Any]:
    """What JSON gave, for a constructor that takes it apart."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def calibration_as_json(calibration: Calibration) -> dict[str, object]:
    """A calibration as the manifest holds it."""
    if isinstance(calibration, Temperature):
        return {"kind": "temperature", **asdict(calibration)}
    if isinstance(calibration, Sigmoid):
        return {"kind": "sigmoid", **asdict(calibration)}
    raise TypeError(f"no form for {type(calibration).__name__}")


def calibration_from(raw: Mapping[str, object]) -> Calibration:
    """The calibration that the manifest holds."""
    values = _any(raw)
    kinds: dict[object, type[Temperature | Sigmoid]] = {
        "temperature": Temperature,
        "sigmoid": Sigmoid,
    }
    return kinds[values.pop("kind")](**values)


def rule_from(raw: Mapping[str, object]) -> Rule:
    """The rule of a group that the manifest holds."""
    return Rule(**_any(raw))


def rules_from(folder: Path, manifest: Manifest, scheme: Scheme) -> list[Rule]:
    """The rules that the manifest of a folder holds, in the order of the scheme's groups.

    Raises:
        VersionError: one is missing, or has not an entry a label.
    """
    try:
        rules = [rule_from(manifest.rules[group.id]) for group in scheme.groups]
        fits = all(
            len(part) == len(group.ids)
            for group, rule in zip(scheme.groups, rules, strict=True)
            for part in (rule.thresholds, rule.sure, rule.trained)
        )
    except (AttributeError, LookupError, TypeError):
        fits = False
    if not fits:
        raise VersionError(str(folder), "rules that are not those of the scheme", "Train again")
    return rules
