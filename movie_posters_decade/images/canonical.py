"""Stored form: the bytes of a poster that the dataset holds, which everyone decodes alike.

`datasets` ignores colour profiles, shows the colours that transparency hides, and cuts grey levels
of more than 8 bits off at 255. A poster that it would show otherwise than `decode_poster` does is
stored as a PNG.
"""

import io

from PIL import Image

from movie_posters_decade.errors import DownloadError, StorageError
from movie_posters_decade.images.decode import decode_poster, is_deep, open_image
from movie_posters_decade.images.profiles import conversion_of
from movie_posters_decade.records import Checksum, Poster


def stored_form(content: bytes) -> bytes:
    """Return the bytes that the dataset holds for a poster that `check_poster` accepts.

    Returns:
        ``content`` itself if `datasets` decodes it to the same picture; else a PNG of what
        `decode_poster` makes of it, in RGB, without profile, transparency and EXIF data. Its
        bytes depend on the versions of Pillow and of the libraries in it.
    """
    if _is_shown_alike(content):
        return content
    poster = decode_poster(content)
    poster.info.clear()
    file = io.BytesIO()
    poster.save(file, "PNG")
    return file.getvalue()


def _is_shown_alike(content: bytes) -> bool:
    with open_image(content) as image:
        image.load()
        return is_plain(image) or _is_plain_but_for_opaque_alpha(image)


def is_plain(image: Image.Image) -> bool:
    """Return whether an image is decoded alike everywhere, by what its header says.

    That is the case for nearly all posters: 8 bits, without transparency, and with no profile but
    sRGB. Some formats say it only when they are decoded, so the image must have been loaded.
    """
    return not image.has_transparency_data and not is_deep(image) and conversion_of(image) is None


def _is_plain_but_for_opaque_alpha(image: Image.Image) -> bool:
    if is_deep(image) or conversion_of(image) is not None:
        return False
    least, _ = image.convert("RGBA").getchannel("A").getextrema()
    return least == 255


def read_stored(poster: Poster) -> bytes:
    """Return the bytes that the dataset stores of a poster: the file, or a PNG of it.

    Raises:
        DownloadError: the file, or the PNG, is not the one whose checksum the check computed.
        OSError: the file cannot be read.
    """
    content = poster.path.read_bytes()
    if Checksum.of(content) != poster.checksum:
        raise StorageError(
            f"{poster.path}: expected the poster that was checked, with SHA-256 "
            f"{poster.checksum.sha256}; found that the file was changed since. Build again."
        )
    if poster.stored is None:
        return content
    stored = stored_form(content)
    if Checksum.of(stored) != poster.stored:
        raise DownloadError(
            f"{poster.path}: expected a poster that becomes a PNG with SHA-256 "
            f"{poster.stored.sha256}; found that it becomes another one here. Install the same "
            "build of Pillow for all workers."
        )
    return stored
