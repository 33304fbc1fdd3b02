"""Logs: one JSON object a line on standard error, and never a word of an article."""

from __future__ import annotations

import asyncio
import json
import logging
import select
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from serving.exchange import Exchange

_ATOMIC = select.PIPE_BUF  # bytes that reach a pipe in one piece

# For logging.config.dictConfig, here and in every worker process.
CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "serving.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        "newstag": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Its warnings are of what clients send: anybody could fill the log with them.
        "uvicorn": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


class JsonLines(logging.Formatter):
    """A record as one JSON object.

    Of an exception only its type and where it was raised are told: its message may hold what
    somebody sent, and asyncio repeats it below the first line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _now(),
            "level": record.levelname.lower(),
            "event": record.getMessage().partition("\n")[0],
            **getattr(record, "more", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line.update(trace(record.exc_info[1])["more"])
        return json.dumps(line, ensure_ascii=False)


def noted(**more: object) -> dict[str, Any]:
    """``extra`` for a log call: keys and values that stand beside the event."""
    return {"more": more}


def trace(error: BaseException) -> dict[str, Any]:
    """``extra`` for a log call: the kind of an exception and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return noted(error=type(error).__name__, trace=places)


class RequestLog:
    """A line for every request that was answered.

    Lines are written without the logging module, which takes five times as long, and those of
    one round of the event loop together, as far as the system writes them in one piece: other
    workers may write to the same pipe. Nothing needs escaping: an exchange holds checked ids,
    names of ours, and numbers.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, exchange: Exchange, seconds: float) -> None:
        """Log a request that took so long."""
        code = f',"code":"{exchange.code}"' if exchange.code else ""
        key = f',"key":"{exchange.key}"' if exchange.key else ""
        articles = ""
        if exchange.articles:
            articles = (
                f',"articles":{exchange.articles},"characters":{exchange.characters},'
                f'"review":{exchange.review},"model":"{exchange.model}"'
            )
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(
            f'{{"time":"{_now()}","level":"info","event":"request","request_id":"{exchange.id}",'
            f'"method":"{exchange.method}","route":"{exchange.route}",'
            f'"status":{exchange.status}{code},"seconds":{seconds:.6f}{key}{articles}}}\n'
        )

    def flush(self) -> None:
        """Write what there is."""
        lines, self._lines = self._lines, []
        piece = ""
        for line in lines:  # of ASCII
            if len(piece) + len(line) > _ATOMIC:
                sys.stderr.write(piece)
                piece = ""
            piece += line
        sys.stderr.write(piece)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
