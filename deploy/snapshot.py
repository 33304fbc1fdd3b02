"""One moment of a SQLite database that is in use, as a new file: snapshot.py FROM TO.

Python's standard library alone; a plain copy of the file could be half of a change.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

_PATIENCE = 60.0  # seconds for whoever writes to let go


def main() -> None:
    source, target = sys.argv[1:]
    try:
        with closing(sqlite3.connect(source, timeout=_PATIENCE)) as database:
            database.execute("VACUUM INTO ?", (target,))
        with closing(sqlite3.connect(target)) as copied:
            (found,) = copied.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        sys.exit(f"{source}: {found}")


if __name__ == "__main__":
    main()
