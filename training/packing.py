"""Packing: a model version as the model of an MLflow run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.scheme import Group, Scheme
from models.manifest import Manifest

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_ROOT = Path(__file__).parents[1]


def log_version(mlflow: Any, version: Path, scheme: Scheme, manifest: Manifest) -> None:
    """Log the version directory as the model of the active run.

    Beside it go copies of the code that reads it, and the requirements that it was made with.
    """
    needed = ("numpy", "rjieba", "jieba")
    with tempfile.TemporaryDirectory() as staging:
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_ROOT / "training" / "logged.py"),
            artifacts={"version": str(version)},
            code_paths=_code(Path(staging)),
            signature=_signature(scheme),
            pip_requirements=[
                f"mlflow>={mlflow.__version__},<4",
                *(f"{name}=={manifest.libraries[name]}" for name in needed),
            ],
        )


def _code(staging: Path) -> list[str]:
    """Copies of the two rooms without stores and starter articles."""
    copied = []
    for room in ("labels", "models"):
        (staging / room).mkdir()
        for path in sorted((_ROOT / room).iterdir()):
            if path.suffix in {".py", ".toml", ".txt"}:
                shutil.copy(path, staging / room)
        copied.append(str(staging / room))
    return copied


def _signature(scheme: Scheme) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import Array, DataType, Map, Object, Property

    scored = Object([Property("label", DataType.string), Property("score", DataType.double)])

    def column(group: Group) -> ColSpec:
        return ColSpec(scored if group.exclusive else Array(scored), group.id)

    inputs = [ColSpec("string", "title"), ColSpec("string", "content")]
    return ModelSignature(
        inputs=Schema([*inputs, ColSpec("string", "id", required=False)]),
        outputs=Schema(
            [
                ColSpec("string", "id"),
                *(column(group) for group in scheme.groups),
                ColSpec("boolean", "review"),
                ColSpec(Array(DataType.string), "reasons"),
                ColSpec(Map(Map(DataType.double)), "scores"),
                ColSpec("string", "model"),
            ]
        ),
    )
