"""What bytes are known by."""

import hashlib
from typing import NamedTuple


class Content(NamedTuple):
    """What bytes are known by.

    Attributes:
        sha256: in hexadecimal digits.
        size: in bytes.
    """

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> "Content":
        """Return what some bytes are known by."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))
