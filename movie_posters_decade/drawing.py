"""A poster is drawn anew, so that all have one size or one encoding."""

import io

from PIL import Image, ImageOps

from movie_posters_decade.inspection import decode_poster
from movie_posters_decade.rendering import ImageTransform


def transform_image(content: bytes, transform: ImageTransform) -> bytes:
    """Draw a poster anew.

    Args:
        content: an image in any format that `inspect_poster` accepts.
        transform: how.

    Returns:
        An image that is upright, opaque (white shows through) and in RGB; or ``content`` itself if
        nothing is to change.
    """
    if not transform.changes:
        return content
    poster = decode_poster(content)
    # Profiles and comments of the original say nothing of the new file.
    poster.info.clear()
    if transform.image_size is not None:
        poster = _fitted(poster, transform.image_size, transform.resize_mode)
    file = io.BytesIO()
    encoding = transform.encode_format or "jpeg"
    if encoding == "png":
        poster.save(file, "PNG")
    else:
        # Without chroma subsampling, which small lettering suffers from.
        options = {"subsampling": 0} if encoding == "jpeg" else {}
        poster.save(file, encoding.upper(), quality=transform.encode_quality, **options)
    return file.getvalue()


def _fitted(poster: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    if fit == "crop":
        return ImageOps.fit(poster, size, Image.Resampling.LANCZOS)
    if fit == "pad":
        return ImageOps.pad(poster, size, Image.Resampling.LANCZOS, color="black")
    return poster.resize(size, Image.Resampling.LANCZOS)
