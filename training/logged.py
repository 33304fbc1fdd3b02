"""The logged model: a version directory behind MLflow's pyfunc interface.

MLflow runs this file itself ("models from code"), beside a package of ours that has what it
imports of ``labels`` and ``models``: nothing is pickled, and nothing else of newstag is needed
where the model is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

# What pandas and MLflow make of a missing text when they make text of everything.
_MADE_OF_NOTHING = ("None", "nan", "<NA>")


class Tagger(PythonModel):
    """Rows with ``title`` and ``content`` (``id`` if you like) in, as many predictions out."""

    def load_context(self, context: Any) -> None:
        from models.version import load_predictor

        self._predictor = load_predictor(Path(context.artifacts["version"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[dict[str, object]]:
        """A prediction a row; a row without an id gets its position, ``"0"``, ``"1"``, ….

        Raises:
            MlflowException: names the first row whose title, content or id is missing or no text.
        """
        del context, params  # MLflow's signature; the model takes no parameters
        from labels.article import article_from
        from labels.errors import InputError

        try:
            articles = [article_from(row, where) for where, row in _rows(model_input).items()]
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return [prediction.as_json() for prediction in self._predictor.predict(articles)]


def _rows(frame: pd.DataFrame) -> dict[str, dict[str, object]]:
    """The rows by their places, with None for what is missing and the position for no column id."""
    missing = frame.isna() | frame.isin(_MADE_OF_NOTHING)
    rows = frame.astype(object).mask(missing, None).to_dict("records")
    return {f"row {at}": {"id": str(at), **row} for at, row in enumerate(rows)}


set_model(Tagger())
