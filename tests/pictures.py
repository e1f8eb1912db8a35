"""A second look at near-duplicates that needs no files: names say which pictures are the same."""

from collections.abc import Callable

from movie_posters_decade.records import Poster


class NamedPictures:
    """Compares posters by what a function makes of their paths' names, and counts the looks."""

    def __init__(self, picture_of: Callable[[str], object]) -> None:
        self._picture_of = picture_of
        self.compared: list[tuple[str, str, bool]] = []

    def remember(self, poster: Poster) -> None:
        """Do nothing, as there are no files."""

    def is_same(self, one: Poster, other: Poster, *, mirrored: bool) -> bool:
        """Return whether two posters show the same picture."""
        self.compared.append((one.path.name, other.path.name, mirrored))
        return self._picture_of(one.path.name) == self._picture_of(other.path.name)


def first_letter(name: str) -> str:
    """Return the first letter, which names a picture."""
    return name[0]
