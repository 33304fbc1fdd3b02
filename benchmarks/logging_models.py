"""Models logged in MLflow for a benchmark: newstag's own version and the rivals."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import joblib

from benchmarks.plain import Plain
from training.tracker import Tracker


class Tracking:
    """A tracking database in a folder of the benchmark's."""

    def __init__(self, folder: Path) -> None:
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        self._artifacts = folder / "artifacts"

    def log_version(self, version: Path) -> str:
        """Record a version as training does; the place of its logged model."""
        run = Tracker(uri=self.uri, experiment=self._experiment("newstag")).record(version)
        mlflow = _mlflow()
        client = mlflow.MlflowClient(tracking_uri=self.uri)
        (output,) = client.get_run(run).outputs.model_outputs
        return str(client.get_logged_model(output.model_id).artifact_location)

    def log_version_as_rival(self, version: Path) -> str:
        """The same model, read by scikit-learn and jieba."""
        return self._log(version)

    def log_plain(self, plain: Plain) -> str:
        with tempfile.TemporaryDirectory() as name:
            joblib.dump(plain, Path(name) / "plain.joblib")
            return self._log(Path(name))

    def _log(self, folder: Path) -> str:
        mlflow = _mlflow()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_experiment(self._experiment("rivals"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it advises type hints
            info = mlflow.pyfunc.log_model(
                name="rival",
                python_model=str(Path(__file__).with_name("logged_rival.py")),
                artifacts={"rival": str(folder)},
                signature=_signature(),
                pip_requirements=["mlflow", "scikit-learn", "jieba"],
            )
        return str(mlflow.get_logged_model(info.model_id).artifact_location)

    def _experiment(self, name: str) -> str:
        """Its artefacts lie beside the database, not in the working directory."""
        from training.asking import open_database

        open_database(self.uri)
        client = _mlflow().MlflowClient(tracking_uri=self.uri)
        if client.get_experiment_by_name(name) is None:
            client.create_experiment(name, artifact_location=self._artifacts.as_uri())
        return name


def _mlflow() -> Any:
    import mlflow

    return mlflow


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    return ModelSignature(inputs=Schema([ColSpec("string", "title"), ColSpec("string", "content")]))
