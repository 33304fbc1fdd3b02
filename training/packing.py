"""Packing: a model version as the model of an MLflow run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.scheme import Group, Scheme
from models import sums
from models.golden import golden_articles
from models.manifest import Manifest
from training.bundle import write_bundle

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

_LOGGED = Path(__file__).with_name("logged.py")


def log_version(mlflow: Any, version: Path, scheme: Scheme, manifest: Manifest) -> None:
    """Log the version directory, whose sums hold, as the model of the active run.

    The pickle stays out of it. Beside it go copies of the code that reads it, the requirements
    that it was made with, and an example that has no word of any article.
    """
    with tempfile.TemporaryDirectory() as name:
        staging = Path(name)
        bundle = write_bundle(_LOGGED, staging)
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(bundle.file),
            artifacts={"version": str(_staged(version, staging / manifest.version))},
            code_paths=[str(bundle.package)],
            signature=_signature(scheme),
            input_example=_example(version, scheme),
            pip_requirements=_requirements(mlflow.__version__, manifest),
            # Or it would take the lock file of whatever project lies in the working directory.
            uv_project_path=name,
        )


def _staged(version: Path, folder: Path) -> Path:
    """The files of a version, without the pickle for notebooks and its sum."""
    listed = sums.sums_without_pipeline(version)
    folder.mkdir()
    for name in listed:
        _link(version / name, folder / name)
    (folder / sums.NAME).write_text(sums.sums_text(listed), "ascii")
    return folder


def _link(file: Path, place: Path) -> None:
    """The same file once more: weights may be large, and MLflow copies them anyway."""
    try:
        place.hardlink_to(file)
    except OSError:  # another disk, or the file of somebody else
        shutil.copyfile(file, place)


def _requirements(mlflow: str, manifest: Manifest) -> list[str]:
    """MLflow, of which fixes may come in, and exactly what the scores depend on."""
    exactly = [f"{name}=={manifest.libraries[name]}" for name in ("numpy", "rjieba")]
    return [f"mlflow~={mlflow}", *exactly]


def _example(version: Path, scheme: Scheme) -> pd.DataFrame:
    import pandas as pd

    first, *_ = golden_articles(scheme, (version / "dictionary.txt").read_text("utf-8"))
    return pd.DataFrame([{"title": first.title, "content": first.content}])


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
