"""Settings of the service, as one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from labels.errors import StateError
from models.segmentation import SegmenterName


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """``model`` is a reference within ``store``: champion, latest, a version id or a directory."""

    store: Path = Path("models/store")
    model: str = "champion"
    segmenter: SegmenterName = "rjieba"

    def as_environment(self) -> dict[str, str]:
        """For worker processes, which are started with nothing but their environment."""
        return {
            "NEWSTAG_STORE": str(self.store),
            "NEWSTAG_MODEL": self.model,
            "NEWSTAG_SEGMENTER": self.segmenter,
        }


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that ``as_environment`` wrote, or that an operator set.

    Raises:
        StateError: a segmenter that there is not.
    """
    default = Settings()
    segmenter = environment.get("NEWSTAG_SEGMENTER", default.segmenter)
    if segmenter not in get_args(SegmenterName):
        fix = f"Use one of: {', '.join(get_args(SegmenterName))}"
        raise StateError("NEWSTAG_SEGMENTER", f"no segmenter '{segmenter}'", fix)
    return Settings(
        store=Path(environment.get("NEWSTAG_STORE", default.store)),
        model=environment.get("NEWSTAG_MODEL", default.model),
        segmenter=cast("SegmenterName", segmenter),
    )
