"""Errors that say where, what and how to fix it.

    NewstagError
    ├── InputError      the articles, labels, scheme or request are wrong
    │   ├── UnreadableError     the system does not give a file: missing, forbidden, a bad disk
    │   └── BrokenOffError      a file is damaged: what follows cannot be read
    └── StateError      the store, a model version or a file on disk is wrong
        └── VersionError    one model version is refused

They are translated once at each rim: the command line writes ``where: what. fix.`` to stderr,
HTTP a problem body, batch a line in the rejects file.
"""

from __future__ import annotations


class NewstagError(Exception):
    """Something a user can mend.

    The parts are positional arguments, so that the error survives a process pool.
    """

    def __init__(self, where: str, what: str, fix: str) -> None:
        super().__init__(where, what, fix)
        self.where = where
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.fix}."


class InputError(NewstagError):
    """The articles, labels, scheme or request are wrong."""


class UnreadableError(InputError):
    """The system does not give a file, or no more of it."""


class BrokenOffError(InputError):
    """A file is damaged from here on: what follows cannot be read."""


class StateError(NewstagError):
    """The store, a model version or a file on disk is wrong."""


class VersionError(StateError):
    """One model version is refused; the one before keeps serving."""
