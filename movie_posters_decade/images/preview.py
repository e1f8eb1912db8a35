"""Preview: a poster as a page embeds it, the original bytes where they are few."""

import io

from PIL import Image

from movie_posters_decade.images.decode import decode_poster

MAX_PREVIEW_BYTES = 64 * 1024
"""The largest preview. Posters of 182x268 pixels have about 15 kB."""

_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""What files of the types begin with that every browser shows."""

_STEPS = ((400, 600, 85), (400, 600, 65), (280, 420, 65), (140, 210, 50))
"""Width, height and JPEG quality of smaller previews. Even noise fits at the last step."""


def make_preview(content: bytes) -> tuple[str, bytes]:
    """Return a poster's media type and bytes, of which there are at most `MAX_PREVIEW_BYTES`.

    They are the original's if these are few, and otherwise a smaller JPEG's.
    """
    media_type = next(
        (name for start, name in _SIGNATURES.items() if content.startswith(start)), None
    )
    if media_type and len(content) <= MAX_PREVIEW_BYTES:
        return media_type, content
    poster = decode_poster(content)
    # Profiles and comments of the original do not describe the new file.
    poster.info.clear()
    smaller = (_shrink(poster, *step) for step in _STEPS)
    return "image/jpeg", next(jpeg for jpeg in smaller if len(jpeg) <= MAX_PREVIEW_BYTES)


def _shrink(poster: Image.Image, width: int, height: int, quality: int) -> bytes:
    small = poster.copy()
    small.thumbnail((width, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=quality)
    return file.getvalue()
