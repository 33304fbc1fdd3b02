"""Registration: versions as the registered model ``newstag`` of MLflow, and its aliases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "newstag"
CHAMPION = "champion"
CHALLENGER = "challenger"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A registered version: its number, and by its tags what it holds.

    ``version`` is empty where somebody registered it by hand; ``sums`` is the digest of
    ``models.sums.sums_digest``, empty where there is none. ``lost`` says that its files are.
    """

    number: str
    version: str
    sums: str
    lost: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Registrations:
    """The registered model, through an MLflow client."""

    client: Any

    def all(self) -> list[Registered]:
        """Every registered version, the newest number first; none where there is no such model."""
        named: dict[str, list[str]] = {}
        for alias, number in self.aliases().items():
            named.setdefault(number, []).append(alias)
        found: list[Registered] = []
        token = None
        while True:
            page = self.client.search_model_versions(
                f"name = '{MODEL}'", max_results=1000, page_token=token
            )
            found += [_registered(one, named) for one in page]
            token = page.token
            if not token:
                return sorted(found, key=lambda one: -int(one.number))

    def aliases(self) -> Mapping[str, str]:
        """The number that each alias names."""
        from mlflow.exceptions import MlflowException

        try:
            held = self.client.get_registered_model(MODEL).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return {}
        return {alias: str(number) for alias, number in held.items()}

    def of(self, version: str) -> Registered | None:
        """The registered version that holds this one; the first of several."""
        held = (one for one in reversed(self.all()) if not one.lost)
        return next((one for one in held if one.version == version), None)

    def add(self, run: str, tags: Mapping[str, str], description: str) -> str:
        """Register the model of a run, and return the number that it got."""
        self._create()
        model = self.client.get_run(run).outputs.model_outputs[0].model_id
        made = self.client.create_model_version(
            MODEL,
            source=f"models:/{model}",
            run_id=run,
            model_id=model,
            tags=dict(tags),
            description=description,
        )
        return str(made.version)

    def _create(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(MODEL, description="Versions of newstag.")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def name(self, alias: str, number: str) -> None:
        """Let the alias name this number, and no other."""
        self.client.set_registered_model_alias(MODEL, alias, number)

    def crown(self, number: str) -> None:
        """Make a number champion; it is no longer the challenger."""
        self.name(CHAMPION, number)
        if self.aliases().get(CHALLENGER) == number:
            self.client.delete_registered_model_alias(MODEL, CHALLENGER)

    def succeed(self, version: str, number: str) -> None:
        """Let a number have the aliases of those that lost the files of the same version."""
        for one in self.all():
            if one.lost and one.version == version:
                for alias in one.aliases:
                    self.name(alias, number)

    def challenge(self, version: str, number: str) -> None:
        """Make a number challenger, unless that is a version trained later."""
        holder = next((one for one in self.all() if CHALLENGER in one.aliases), None)
        if holder is None or holder.version < version:
            self.name(CHALLENGER, number)

    def tag(self, number: str, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self.client.set_model_version_tag(MODEL, number, key, value)


def _registered(one: Any, named: Mapping[str, Sequence[str]]) -> Registered:
    number = str(one.version)
    return Registered(
        number=number,
        version=one.tags.get("version", ""),
        sums=one.tags.get("sums", ""),
        lost="lost" in one.tags,
        aliases=tuple(sorted(named.get(number, ()))),
    )
