"""Whether the service on this machine is ready: exit 0 where /readyz says so, else 1.

Python's standard library alone, so that a container needs no curl. Address and port are those of
NEWSTAG_HOST and NEWSTAG_PORT, 127.0.0.1 and 8000 without; ``--wait S`` asks again for so many
seconds, or until the process ``--of`` is no more.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import time

_TIMEOUT = 4.0  # seconds for one answer
_PAUSE = 0.2
# Who listens on every address is asked on that of this machine.
_EVERY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing binds here


def main() -> None:
    parser = argparse.ArgumentParser(description="Exit 0 where the service is ready, else 1.")
    parser.add_argument("--host", default=os.environ.get("NEWSTAG_HOST", ""))
    parser.add_argument("--port", type=int, default=int(os.environ.get("NEWSTAG_PORT", "8000")))
    parser.add_argument("--wait", type=float, default=0.0, metavar="S", help="seconds to ask again")
    parser.add_argument("--of", type=int, metavar="PID", help="the process that is waited for")
    given = parser.parse_args()
    host = _EVERY.get(given.host, given.host)
    end = time.monotonic() + given.wait
    while (reason := _why_not(host, given.port)) and time.monotonic() < end:
        if given.of and not _runs(given.of):
            reason = f"process {given.of} has ended"
            break
        time.sleep(_PAUSE)
    if reason:
        print(f"{host}:{given.port}: not ready ({reason})", file=sys.stderr)
        sys.exit(1)


def _why_not(host: str, port: int) -> str:
    """Why the service is not ready; empty where it is."""
    asking = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    try:
        asking.request("GET", "/readyz")
        status = asking.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        asking.close()
    return "" if status == http.client.OK else f"status {status}"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks, and sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True


if __name__ == "__main__":
    main()
