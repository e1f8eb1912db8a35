"""Images: decode posters, check them, and transform them."""

from movie_posters_decade.images.checks import check_poster, check_version

__all__ = ["check_poster", "check_version"]
