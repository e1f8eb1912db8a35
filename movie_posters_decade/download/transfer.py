"""One HTTP transfer with libcurl: private-address guard, size limit, opt-out."""

import errno
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeVarTuple
from urllib.parse import quote

import pycurl

from movie_posters_decade import __version__
from movie_posters_decade.download.addresses import is_public
from movie_posters_decade.download.headers import ROBOTS_HEADERS, opts_out
from movie_posters_decade.download.memory import Body
from movie_posters_decade.io import require_descriptors
from movie_posters_decade.records import RejectReason

AGENT = "movie_posters_decade"
USER_AGENT = f"{AGENT}/{__version__}"
MAX_BYTES = 20 * 1024 * 1024

UNWANTED_BYTES = 64 * 1024
"""How much of an error's body is read, so that its connection can be used again."""

_OK = frozenset({200, 203})
"""HTTP statuses of a response that holds the content; a proxy that changed it says 203."""

_Arguments = TypeVarTuple("_Arguments")
_Callback = Callable[[*_Arguments], int | None]

_ABORT = -1
_CONTENT_RANGE = re.compile(r"bytes 0-(\d{1,18})/(\d{1,18})")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})(?!\d)", re.IGNORECASE)
_ASCII = bytes(range(128)).decode()
_NOT_HTTP = frozenset({pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY})


@dataclass(frozen=True)
class Limits:
    """Which requests are allowed, and how much a response may hold."""

    allow_private_hosts: bool = False  # whether addresses that are not public may be requested
    respect_opt_out: bool = True  # whether an X-Robots-Tag that opts out is respected
    max_bytes: int = MAX_BYTES  # the largest body that is accepted
    user_agent: str = USER_AGENT  # what the client calls itself
    proxies: Mapping[str, str] | None = None  # by scheme; they override the environment's


@dataclass(eq=False)
class TransferError(Exception):
    """A transfer ended without content."""

    reason: RejectReason
    _: KW_ONLY
    is_transient: bool = False  # whether a retry may help
    detail: str = ""  # the network's own error text


class Transfer:
    """The callbacks of one libcurl transfer, and what they learned.

    Args:
        limits: which requests are allowed, and how much a response may hold.
        body: that the content is added to.
        is_guarded: whether it may connect to public addresses only.
    """

    def __init__(self, limits: Limits, body: Body, *, is_guarded: bool) -> None:
        self.status: int | None = None
        """The HTTP status, once the whole response head has arrived."""
        self.has_content = False
        """Whether the response holds the whole content, as its head says."""
        self._limits = limits
        self._body = body
        self._curl: pycurl.Curl | None = None  # while it is under way
        self._is_guarded = is_guarded
        self._next_status: int | None = None
        self._headers: list[bytes] = []
        self._remaining = limits.max_bytes
        self._rejection: RejectReason | None = None
        self._is_private = False
        self._error: Exception | None = None

    def attach(self, curl: pycurl.Curl) -> None:
        """Set the callbacks of a libcurl handle, for one transfer."""
        self._curl = curl
        curl.setopt(pycurl.HEADERFUNCTION, self._catching(self._read_header_line))
        curl.setopt(pycurl.WRITEFUNCTION, self._catching(self._read_chunk))
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._catching(self._open_socket))

    def detach(self) -> None:
        """Let go of the handle, when the transfer has ended."""
        self._curl = None

    def header(self, name: str) -> str | None:
        """Return the first value of a response header, or None."""
        return next(iter(self._values(name)), None)

    def finish(self, status: int, error: int | None, detail: str = "") -> None:
        """Evaluate the end of the transfer.

        Args:
            status: the HTTP status from libcurl, which is never a proxy's.
            error: libcurl's error number, if there was an error.
            detail: libcurl's error text.

        Raises:
            TransferError: there is no complete response, or an unwanted one.
            OSError, MemoryError: this machine has no descriptor or no memory left.
        """
        if self.status != status or status < 200:
            self.status = None
        if self._error is not None:
            raise self._error
        if error == pycurl.E_WRITE_ERROR and self._rejection is not None and self.has_content:
            raise TransferError(self._rejection)
        if error == pycurl.E_COULDNT_CONNECT and self._is_private:
            raise TransferError(RejectReason.PRIVATE_ADDRESS)
        if self.status is None or (self.has_content and not self._is_complete(error, detail)):
            raise _transfer_error(error, detail, has_head=self.status is not None)
        # For an error status, it does not matter whether its body was complete.

    def _catching(self, callback: _Callback[*_Arguments]) -> _Callback[*_Arguments]:
        """Return a callback that keeps its error; libcurl would take it for one of the host."""

        def call(*arguments: *_Arguments) -> int | None:
            try:
                return callback(*arguments)
            except Exception as error:  # noqa: BLE001, it is raised when the transfer has ended
                self._error = error
                return _ABORT

        return call

    def _is_complete(self, error: int | None, detail: str) -> bool:
        """Return whether the body is complete, as far as HTTP can tell.

        Without a length, a body ends with the connection. Many servers then leave out TLS's
        close_notify; curl on the command line and browsers accept that as the end, and so do we.
        """
        has_length = self.header("Content-Length") or self.header("Transfer-Encoding")
        is_abrupt_end = error == pycurl.E_RECV_ERROR and "eof" in detail.lower()
        return error is None or (is_abrupt_end and not has_length)

    def _values(self, name: str) -> list[str]:
        start = name.lower().encode() + b":"
        return [
            _decode(line[len(start) :]) for line in self._headers if line.lower().startswith(start)
        ]

    def _read_header_line(self, line: bytes) -> int | None:
        if match := _STATUS_LINE.match(line):
            # A proxy's response, or one such as 103 Early Hints, precedes the real one.
            self._next_status, self.status = int(match[1]), None
            self._headers.clear()
        elif self.status is None and line.strip():
            self._headers.append(line)
        elif self.status is None:
            self.status = self._next_status
            return self._check_head()
        return None

    def _check_head(self) -> int | None:
        length = self.header("Content-Length") or ""
        self.has_content = self.status in _OK or self._is_whole_range()
        self._remaining = self._limits.max_bytes if self.has_content else UNWANTED_BYTES
        is_respected = self.has_content and self._limits.respect_opt_out
        robots = [value for name in ROBOTS_HEADERS for value in self._values(name)]
        if is_respected and opts_out(robots, AGENT):
            return self._reject(RejectReason.OPTED_OUT)
        size = int(length[:20]) if length.isdecimal() else self._remaining
        self._body.length = min(size, self._remaining)
        return self._reject(RejectReason.TOO_LARGE) if size > self._remaining else None

    def _is_whole_range(self) -> bool:
        found = _CONTENT_RANGE.fullmatch(self.header("Content-Range") or "")
        return self.status == 206 and found is not None and int(found[1]) + 1 == int(found[2])

    def _read_chunk(self, chunk: bytes) -> int | None:
        if len(chunk) > self._remaining:
            return self._reject(RejectReason.TOO_LARGE)
        if self.has_content and not self._body.write(chunk):
            if self._body.is_refused:
                return _ABORT
            self._body.wait(self._resume)
            return int(pycurl.WRITEFUNC_PAUSE)  # libcurl keeps the chunk, and brings it again
        self._remaining -= len(chunk)
        return None

    def _open_socket(self, _purpose: int, address: Any) -> int:
        """Open the socket of a connection, unless its address is private.

        This is the address that is really connected to, whatever the DNS says before or after.
        """
        family, kind, protocol, sockaddr = address
        if self._is_guarded and not is_public(sockaddr[0]):
            self._is_private = True
            return _ABORT
        return socket.socket(family, kind, protocol).detach()

    def _resume(self) -> None:
        """Continue after a pause. An error ends the transfer, which then reports it, too."""
        if self._curl is not None:
            with suppress(pycurl.error):
                self._curl.pause(pycurl.PAUSE_CONT)

    def _reject(self, reason: RejectReason) -> int:
        self._rejection = reason
        return _ABORT


def _decode(value: bytes) -> str:
    """Return a header's value, with bytes that are not ASCII percent-encoded, as in a URL."""
    return quote(value.strip(), safe=_ASCII)


def _transfer_error(error: int | None, detail: str, *, has_head: bool) -> TransferError:
    """Return the error of a transfer that ended before or after the head of its response."""
    if error == pycurl.E_OUT_OF_MEMORY:
        raise MemoryError(detail)
    # libcurl and TLS report a file or socket that they could not open as a fault of the host.
    require_descriptors()
    if error == pycurl.E_OPERATION_TIMEDOUT:
        return TransferError(RejectReason.TIMEOUT, is_transient=True, detail=detail)
    if error == pycurl.E_SSL_CACERT_BADFILE:
        raise OSError(errno.EIO, f"The trusted certificates cannot be read: {detail}")
    if error is None or error in _NOT_HTTP:
        return TransferError(RejectReason.SERVER_ERROR, is_transient=True, detail=detail)
    if has_head:
        return TransferError(RejectReason.TRUNCATED, is_transient=True, detail=detail)
    if error == pycurl.E_URL_MALFORMAT:
        return TransferError(RejectReason.INVALID_URL, detail=detail)
    is_lasting = error == pycurl.E_PEER_FAILED_VERIFICATION
    return TransferError(RejectReason.CONNECTION_ERROR, is_transient=not is_lasting, detail=detail)
