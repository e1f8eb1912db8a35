"""What the dataset card tells of one configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from movie_posters_decade.report import Report


@dataclass(frozen=True)
class Facts:
    """What the card tells of one configuration.

    Attributes:
        name: of the configuration.
        source: as `Build` has it.
        report: what was kept and rejected.
        options: that shaped it, by name.
        catalogue: the hash of the catalogue.
        versions: of the libraries that it was pushed with.
        example: the first of train, without pixels; its fields are the dataset's.
        picture: the path of the contact sheet in the repository; None if there are no images.
        warnings: of shortcuts that tell the decade; None if nobody looked for them.
    """

    name: str
    source: str
    report: Report
    options: Mapping[str, Any]
    catalogue: str
    versions: Mapping[str, str]
    example: Mapping[str, Any]
    picture: str | None
    warnings: Sequence[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the facts in JSON's types."""
        return {**vars(self), "report": self.report.to_json()}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "Facts":
        """Read what `to_json` wrote, in this version or one that tells more."""
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        return cls(**known | {"report": Report.from_json(facts["report"])})
