"""The registry: registered models of MLflow, whose versions come into the store as data."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labels.errors import InputError, StateError, VersionError
from models.manifest import VERSION_ID, read_manifest
from models.store import Store
from models.sums import sums_digest
from training.asking import no_database, open_mlflow, reported, shown

_REFERENCE = re.compile(r"models:/(?P<name>[^/:]+)(?:@(?P<alias>[\w-]+)|/(?P<number>[0-9]+))")
FOLDER = "artifacts"  # where MLflow keeps the directories that belong to a logged model


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The registered version that a reference names now.

    ``created`` tells it from one of the same number in a model that was deleted and made anew.
    ``sums`` is the digest of ``models.sums.sums_digest`` that it is said to have, if any.
    """

    name: str
    number: str
    created: int
    why: str = field(compare=False)
    sums: str = field(default="", compare=False)

    @property
    def reference(self) -> str:
        return f"models:/{self.name}/{self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """Where registered models are: an MLflow tracking URI.

    Only the version directory is fetched, and it is data: of the code and requirements that
    MLflow keeps beside it nothing is downloaded, loaded or run.
    """

    uri: str

    def resolve(self, reference: str, store: Store) -> Path:
        """The version directory in the store that ``models:/NAME@ALIAS`` or ``/VERSION`` names.

        Raises:
            InputError: a reference of another form.
            StateError: nothing of that name, no version of newstag, or no answer.
            VersionError: what was downloaded is damaged.
        """
        return self.fetch(self.look(reference), store)

    def look(self, reference: str) -> Target:
        """What the reference names now: one question to the server, a few milliseconds.

        Raises:
            InputError: a reference of another form.
            StateError: nothing of that name, or no answer.
        """
        parts = _REFERENCE.fullmatch(reference)
        if not parts:
            fix = "Give models:/NAME@ALIAS or models:/NAME/VERSION"
            raise InputError(reference, "not a reference into a registry", fix)
        with self._asking():
            client = self._library().MlflowClient()
            found = _registered(client, self.uri, parts)
        return Target(
            name=parts["name"],
            number=str(found.version),
            created=int(found.creation_timestamp),
            why=f"{reference} is version {found.version}" if parts["alias"] else reference,
            sums=found.tags.get("sums", ""),
        )

    def live(self, name: str) -> Target | None:
        """What the alias champion of a registered model names; None where nothing has it.

        Raises:
            StateError: no such model, or no answer.
        """
        with self._asking():
            named = self._library().MlflowClient().get_registered_model(name).aliases
        number = named.get("champion")
        return self.look(f"models:/{name}/{number}") if number else None

    def fetch(self, target: Target, store: Store, why: str = "") -> Path:
        """The directory of a registered version in the store, downloaded unless it is there.

        ``why`` is the reason for the ledger, where the version becomes the store's first champion.

        Raises:
            StateError: it holds no version of newstag, or no answer.
            VersionError: what was downloaded is damaged.
        """
        version = self._the_version_in(target)
        if version in store.versions():
            return store.root / version
        with self.downloaded(target, version) as folder:
            if target.sums and sums_digest(folder) != target.sums:
                fix = f"Delete {target.reference} in MLflow, or its tag sums if that is wrong"
                raise StateError(target.reference, "other files than its tag sums says", fix)
            return store.adopt(folder, why or target.why)

    @contextmanager
    def downloaded(self, target: Target, version: str | None = None) -> Iterator[Path]:
        """The directory of a registered version, unverified, in a folder that does not stay.

        Raises:
            StateError: as ``fetch``; one about the folder is told of the reference instead.
        """
        held = version or self._the_version_in(target)
        with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
            try:
                folder = self._download(f"{target.reference}/{FOLDER}/{held}", temporary)
                _refuse_other_version(folder, held)
                yield folder
            except StateError as error:
                raise _told_of(target, held, temporary, error) from error

    def _download(self, uri: str, temporary: str) -> Path:
        with self._asking():
            download = self._library().artifacts.download_artifacts
            return Path(download(artifact_uri=uri, dst_path=temporary))

    def version_in(self, target: Target) -> str | None:
        """The id of the version that a registered model holds; None where it is not one of newstag.

        Raises:
            StateError: no answer.
        """
        found = [name for name in self.directories(target) if VERSION_ID.fullmatch(name)]
        return found[0] if len(found) == 1 else None

    def directories(self, target: Target) -> list[str]:
        """The names of the directories that a registered model has; none where its files are lost.

        Raises:
            StateError: no answer.
        """
        with self._asking():
            ask = self._library().artifacts.list_artifacts
            return directories(lambda path: ask(artifact_uri=f"{target.reference}/{path}"))

    def _the_version_in(self, target: Target) -> str:
        found = self.version_in(target)
        if found is None:
            fix = "Register the model of a run that newstag recorded"
            what = "a model without a version of newstag, or whose files are lost"
            raise StateError(target.reference, what, fix)
        return found

    def _asking(self) -> AbstractContextManager[None]:
        return reported(self.uri, "read the registry", "Check --tracking-uri and the server")

    def _library(self) -> Any:
        """MLflow, turned to our server. Whoever follows asks again soon: few retries."""
        if no_database(self.uri):
            raise StateError(self.uri, "no such database", "Check --tracking-uri")
        return open_mlflow(self.uri, retries=1, timeout=10)


def directories(listed: Callable[[str], Any]) -> list[str]:
    """The names of the directories beside a model, ``listed`` by MLflow; none where it is gone.

    ``listed`` is called with the path inside of the model where versions of newstag lie.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = listed(FOLDER)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return []
    return [one.path.rpartition("/")[2] for one in found if one.is_dir]


def _registered(client: Any, uri: str, parts: re.Match[str]) -> Any:
    from mlflow.exceptions import MlflowException

    name, alias, number = parts["name"], parts["alias"], parts["number"]
    try:
        if alias:
            return client.get_model_version_by_alias(name, alias)
        return client.get_model_version(name, number)
    except MlflowException as error:
        if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise
        raise _missing(client, uri, parts) from error


def _missing(client: Any, uri: str, parts: re.Match[str]) -> StateError:
    """Which part of a reference there is not, and how to make it."""
    from mlflow.exceptions import MlflowException

    name, alias = parts["name"], parts["alias"]
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        fix = "Register the model of a run under that name, in the MLflow UI or with its client"
        return StateError(parts[0], f"no registered model '{name}' in {shown(uri)}", fix)
    if alias:
        call = f"MlflowClient().set_registered_model_alias('{name}', '{alias}', VERSION)"
        fix = f"Set it in the MLflow UI, or with {call}"
        return StateError(
            parts[0], f"no alias '{alias}' of the model '{name}' in {shown(uri)}", fix
        )
    what = f"no version {parts['number']} of the model '{name}' in {shown(uri)}"
    return StateError(parts[0], what, "Give one that the MLflow UI lists")


def _refuse_other_version(folder: Path, version: str) -> None:
    found = read_manifest(folder).version
    if found != version:
        raise VersionError(str(folder), f"the manifest of {found}", "Train again")


def _told_of(target: Target, version: str, temporary: str, error: StateError) -> StateError:
    """The same error without the temporary folder, which differs every time."""
    whole = f"{temporary}/{FOLDER}/{version}"
    where, what = (
        text.replace(whole, target.reference).replace(temporary, "a temporary folder")
        for text in (error.where, error.what)
    )
    damaged = isinstance(error, VersionError) and temporary in error.where
    again = f"Delete {target.reference} in MLflow; newstag models sync, where the store has it"
    return type(error)(where, what, f"{again}, records it anew" if damaged else error.fix)
