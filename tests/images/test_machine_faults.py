"""Faults of this machine are errors, and no reasons against a poster."""

import errno
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from PIL import Image, ImageFile
from samples import encode, paint

from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.diagnosis import DECODER_ERRORS, is_machine_fault

POSTER = paint("1990s", 7)
NO_DESCRIPTOR = OSError(errno.EMFILE, "Too many open files")

OUT_OF_RESOURCES = """
import resource, sys
from pathlib import Path
from movie_posters_decade.images import check_poster

content = Path(sys.argv[1]).read_bytes()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = used + 50_000_000 if sys.argv[2] == "RLIMIT_AS" else 3
resource.setrlimit(getattr(resource, sys.argv[2]), (limit, limit))
try:
    print(check_poster(content))
except Exception as error:
    print(type(error).__name__, getattr(error, "errno", None))
"""
"""Checks a poster in a process that has no descriptor, or no more than 50 MB, left."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold these limits")
@pytest.mark.parametrize(
    ("poster", "resource", "error"),
    [
        # Pillow has to read its WebP decoder from the disk first.
        (encode(Image.new("RGB", (60, 90)), "WEBP"), "RLIMIT_NOFILE", f"OSError {errno.EMFILE}"),
        (encode(Image.new("RGB", (5000, 5000)), "PNG"), "RLIMIT_AS", "MemoryError None"),
    ],
    ids=["descriptors", "memory"],
)
def test_lack_of_descriptors_or_memory_is_an_error(
    tmp_path: Path, poster: bytes, resource: str, error: str
) -> None:
    (tmp_path / "poster").write_bytes(poster)
    command = [sys.executable, "-c", OUT_OF_RESOURCES, str(tmp_path / "poster"), resource]
    finished = subprocess.run(command, capture_output=True, check=True, text=True)
    assert finished.stdout.strip() == error


@pytest.mark.parametrize(
    "errors", [[NO_DESCRIPTOR], [SyntaxError("broken"), SyntaxError("broken"), NO_DESCRIPTOR]]
)
def test_fault_that_passes_is_an_error(
    monkeypatch: pytest.MonkeyPatch, errors: list[Exception]
) -> None:
    decoder, accepts = Image.OPEN["JPEG"]
    left = [*errors]

    def open_later(file: IO[bytes], filename: str | bytes) -> ImageFile.ImageFile:
        if left:
            raise left.pop(0)
        return decoder(file, filename)

    monkeypatch.setitem(Image.OPEN, "JPEG", (open_later, accepts))
    with pytest.raises(OSError, match="Too many open files"):
        check_poster(POSTER)
    assert check_poster(POSTER).reason is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NO_DESCRIPTOR, True),
        (OSError("out of memory when reading image file"), True),
        (RuntimeError("Pixel allocation failed: Out of memory"), True),  # from AVIF
        (OSError("image file is truncated (0 bytes not processed)"), False),
        (OSError(-2), False),  # from TIFF, in older versions of Pillow
        (SyntaxError(KeyError("out of memory")), False),  # the name of a tag
    ],
)
def test_errno_or_lack_of_memory_shows_a_fault_of_this_machine(
    error: Exception, expected: bool
) -> None:
    assert is_machine_fault(error) is expected


def test_errors_of_the_machine_and_of_programs_are_no_decoder_errors() -> None:
    for error in (MemoryError, ImportError, NameError, AssertionError, DeprecationWarning):
        assert not issubclass(error, DECODER_ERRORS)
