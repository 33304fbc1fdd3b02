"""The logged model: a version directory behind MLflow's pyfunc interface.

MLflow runs this file itself ("models from code"), beside copies of ``labels`` and ``models``:
nothing is pickled, and nothing of ``training`` is needed where the model is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel


class Tagger(PythonModel):
    """Rows with ``title`` and ``content`` (``id`` if you like) in, as many predictions out."""

    def load_context(self, context: Any) -> None:
        from models.version import load_predictor

        self._predictor = load_predictor(Path(context.artifacts["version"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[dict[str, object]]:
        del context, params  # MLflow's signature; the model takes no parameters
        from labels.article import article_from

        rows = model_input.to_dict("records")
        articles = [
            article_from({"id": str(at), **row}, f"row {at}") for at, row in enumerate(rows)
        ]
        return [prediction.as_json() for prediction in self._predictor.predict(articles)]


set_model(Tagger())
