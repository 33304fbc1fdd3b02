"""The bundle: a file with the modules of ours that it needs, as one package of its own name.

Beside a logged model the host may have packages ``labels`` and ``models`` too, or another model
that was logged by another newstag. So the copies lie in a package that is named after a digest of
them: nobody else has that name, unless it is the same code.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_ROOMS = ("labels", "models")
_DOCSTRING = '"""What newstag predicts with, as it was when the model was logged."""\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """Where the file lies, and the package that it imports from."""

    file: Path
    package: Path


def write_bundle(file: Path, folder: Path) -> Bundle:
    """Write into ``folder`` what ``file`` imports of labels and models, and the file itself.

    Lines stay where they are: only the names in import statements change.

    Raises:
        ValueError: an import of ours is not of the form ``from room.module import name``.
    """
    sources = _needed(file)
    name = f"newstag_model_{_digest(sources)[:8]}"
    package = folder / name
    for path, source in {Path("__init__.py"): _DOCSTRING, **sources}.items():
        target = package / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(renamed(source, name), "utf-8")
    copy = folder / file.name
    copy.write_text(renamed(file.read_text("utf-8"), name), "utf-8")
    return Bundle(file=copy, package=package)


def _needed(file: Path) -> dict[Path, str]:
    """The sources of all modules of ours that a file imports, by their paths under the root."""
    waiting, found = [file], dict[Path, str]()
    while waiting:
        tree = ast.parse(waiting.pop().read_text("utf-8"))
        for _, module in _imports(tree):
            room, *_ = parts = module.split(".")
            for path in (Path(room, "__init__.py"), Path(*parts).with_suffix(".py")):
                if path not in found:
                    found[path] = (_ROOT / path).read_text("utf-8")
                    waiting.append(_ROOT / path)
    return found


def _digest(sources: Mapping[Path, str]) -> str:
    digest = hashlib.sha256()
    for path, source in sorted(sources.items()):
        digest.update(f"{path.as_posix()} {len(source)}\n{source}".encode())
    return digest.hexdigest()


def renamed(source: str, package: str) -> str:
    """The source with its imports of labels and models turned to those inside ``package``.

    Raises:
        ValueError: an import of another form, which cannot be turned in place.
    """
    lines = source.encode().split(b"\n")  # ast counts bytes
    for node, module in _imports(ast.parse(source)):
        line, at = lines[node.lineno - 1], node.col_offset
        old, new = f"from {module} ".encode(), f"from {package}.{module} ".encode()
        if not line.startswith(old, at):
            raise _unfit(node)
        lines[node.lineno - 1] = line[:at] + new + line[at + len(old) :]
    return b"\n".join(lines).decode()


def _imports(tree: ast.AST) -> Iterator[tuple[ast.ImportFrom, str]]:
    """The imports of our rooms, wherever they stand, with the module that each names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(alias.name.partition(".")[0] in _ROOMS for alias in node.names):
                raise _unfit(node)
        elif isinstance(node, ast.ImportFrom):
            room, _, inner = (node.module or "").partition(".")
            if node.level or (room in _ROOMS and not inner):
                raise _unfit(node)
            if room in _ROOMS:
                yield node, f"{room}.{inner}"


def _unfit(node: ast.stmt) -> ValueError:
    return ValueError(f"line {node.lineno}: write 'from room.module import name'")
