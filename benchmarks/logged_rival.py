"""A rival as MLflow serves it: rows with ``title`` and ``content`` in, labels out.

MLflow runs this file itself ("models from code"), beside a folder that is either a version or
holds the plainest pipeline.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from benchmarks.rivals import PlainRival, Rival, SameModel
from labels.article import Article


class LoggedRival(PythonModel):
    """As many labels as rows, whatever the rows."""

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts["rival"])
        plain = folder / "plain.joblib"
        self._rival: Rival = (
            PlainRival(joblib.load(plain)) if plain.exists() else SameModel(folder, "jieba")
        )

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[dict[str, object]]:
        del context, params  # MLflow's signature; the model takes no parameters
        rows = model_input.to_dict("records")
        articles = [Article(id="", title=row["title"], content=row["content"]) for row in rows]
        return [{"type": kind, "domains": sorted(some)} for kind, some in self._rival.tag(articles)]


set_model(LoggedRival())
