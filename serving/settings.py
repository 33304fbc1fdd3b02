"""Settings of the service, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.segmentation import SegmenterName
from serving.keys import NAME


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a worker needs to know; it is handed to worker processes as it is.

    ``model`` is a reference within ``store``: champion, latest, a version id or a directory. The
    first two are followed while the service runs. ``fallback`` is the version that answers where
    the referenced one is refused when a worker starts; without one the worker does not start.
    ``closed`` says that the service began with API keys: a worker that can't read them lets
    nobody in.

    ``deadline`` is in seconds, from the headers of a request to its answer. ``queue`` is how
    many requests a worker has under way before it tells more to come back. ``drain`` is in
    seconds: so long a worker that was told to stop still answers, while /readyz says no.
    """

    store: Path = Path("models/store")
    model: str = "champion"
    segmenter: SegmenterName = "rjieba"
    fallback: Path | None = None
    closed: bool = False
    deadline: float = 10.0
    queue: int = 128
    drain: float = 1.0

    @property
    def keys(self) -> Path:
        """The file of API keys."""
        return self.store / NAME
