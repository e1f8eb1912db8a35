"""Image transforms: resize and re-encode posters."""

import io

from PIL import Image, ImageOps

from movie_posters_decade.images.decode import decode_poster
from movie_posters_decade.options.transform import ImageTransform


def transform_image(content: bytes, transform: ImageTransform) -> bytes:
    """Resize and re-encode a poster that `check_poster` accepts.

    Returns:
        An image in RGB, upright, and white where it was transparent; or ``content`` itself if the
        transform changes nothing.
    """
    if not transform.changes:
        return content
    poster = decode_poster(content)
    # Colour profiles and comments of the original do not describe the new file.
    poster.info.clear()
    if transform.image_size is not None:
        poster = _resize(poster, transform.image_size, transform.resize_mode)
    encode_format = transform.encode_format or "jpeg"
    # Chroma subsampling would blur small lettering in a JPEG. A PNG ignores these options.
    return _encode(poster, encode_format, quality=transform.encode_quality, subsampling=0)


def _resize(poster: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    if mode == "crop":
        return ImageOps.fit(poster, size, Image.Resampling.LANCZOS)
    if mode == "pad":
        return ImageOps.pad(poster, size, Image.Resampling.LANCZOS, color="black")
    return poster.resize(size, Image.Resampling.LANCZOS)


def _encode(image: Image.Image, encode_format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, encode_format, **options)
    return file.getvalue()
