"""One request and what comes back of it, as libcurl tells it; the only room that opens sockets."""

import re
import socket
from typing import IO, Any

import pycurl

from movie_posters_decade.download.addresses import is_public
from movie_posters_decade.download.limits import AGENT, Limits
from movie_posters_decade.download.retry import opts_out
from movie_posters_decade.records import RejectReason

SPARE_BYTES = 64 * 1024
"""How much is read of what is no content, so that the connection can be used again."""

_OK = 200
_STOP = -1
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})(?!\d)", re.IGNORECASE)
_NO_HTTP = frozenset({pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY})


class FailureError(Exception):
    """There is no content, for a reason.

    Args:
        reason: why.
        is_passing: whether another try may do better.
        detail: what the network says of it.
    """

    def __init__(self, reason: RejectReason, *, is_passing: bool = False, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_passing = is_passing
        self.detail = detail


class Exchange:
    """What is called while a transfer is under way, and what was learned so.

    Args:
        limits: who may be asked and what is taken.
        body: the file to write the content to.
    """

    def __init__(self, limits: Limits, body: IO[bytes]) -> None:
        self.status: int | None = None
        """The HTTP status of the answer, once its head has come as a whole."""
        self._limits = limits
        self._body = body
        self._announced: int | None = None
        self._headers: list[bytes] = []
        self._room = limits.max_bytes
        self._refusal: RejectReason | None = None
        self._is_forbidden = False
        self._error: OSError | None = None

    def attach(self, curl: pycurl.Curl, *, is_guarded: bool) -> None:
        """Have a transfer call here.

        Args:
            curl: the transfer.
            is_guarded: whether it may connect to public addresses only.
        """
        curl.setopt(pycurl.HEADERFUNCTION, self._take_line)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_chunk)
        if is_guarded:
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)

    def header(self, name: str) -> str | None:
        """Return the first value that the answer has for a header, or None."""
        return next(iter(self._values(name)), None)

    def end(self, status: int, error: int | None, detail: str = "") -> int:
        """Take in how the transfer ended.

        Args:
            status: that of the answer as libcurl has it, which leaves a proxy's word out.
            error: libcurl's number for what went wrong, if something did.
            detail: what libcurl says of it.

        Returns:
            The status.

        Raises:
            FailureError: there is no answer, or none that is whole and wanted.
            OSError: the content could not be written.
        """
        if self.status != status or status < _OK:
            self.status = None
        if self._error is not None:
            raise self._error
        if error == pycurl.E_WRITE_ERROR and self._refusal is not None and self.status == _OK:
            raise FailureError(self._refusal)
        if error == pycurl.E_COULDNT_CONNECT and self._is_forbidden:
            raise FailureError(RejectReason.PRIVATE_ADDRESS)
        if self.status is None or (error is not None and self.status == _OK):
            raise _failure(error, detail, has_begun=self.status is not None)
        # A status that means no says all, however the rest came.
        return self.status

    def _values(self, name: str) -> list[str]:
        start = name.lower().encode() + b":"
        return [
            _text(line[len(start) :]) for line in self._headers if line.lower().startswith(start)
        ]

    def _take_line(self, line: bytes) -> int | None:
        if match := _STATUS_LINE.match(line):
            # A proxy's answer, or one that only announces another, comes before the answer itself.
            self._announced, self.status = int(match[1]), None
            self._headers.clear()
        elif self.status is None and line.strip():
            self._headers.append(line)
        elif self.status is None:
            self.status = self._announced
            return self._judge_head()
        return None

    def _judge_head(self) -> int | None:
        length = self.header("Content-Length") or ""
        if self.status != _OK:
            self._room = SPARE_BYTES
        elif self._limits.respect_opt_out and opts_out(self._values("X-Robots-Tag"), AGENT):
            return self._refuse(RejectReason.OPTED_OUT)
        is_too_long = length.isdecimal() and int(length[:20]) > self._room
        return self._refuse(RejectReason.TOO_LARGE) if is_too_long else None

    def _take_chunk(self, chunk: bytes) -> int | None:
        self._room -= len(chunk)
        if self._room < 0:
            return self._refuse(RejectReason.TOO_LARGE)
        return self._write(chunk) if self.status == _OK else None

    def _write(self, chunk: bytes) -> int | None:
        try:
            self._body.write(chunk)
        except OSError as error:
            self._error = error
            return _STOP
        return None

    def _open_socket(self, _purpose: int, address: Any) -> int:
        """Open the socket for a connection, unless its address is not public.

        Here stands the address that is connected to, whatever name led to it and however often
        that name changes its mind.
        """
        family, kind, protocol, sockaddr = address
        if not is_public(sockaddr[0]):
            self._is_forbidden = True
            return _STOP
        try:
            return socket.socket(family, kind, protocol).detach()
        except OSError:
            return _STOP

    def _refuse(self, reason: RejectReason) -> int:
        self._refusal = reason
        return _STOP


def _text(value: bytes) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _failure(error: int | None, detail: str, *, has_begun: bool) -> FailureError:
    """Return what it means that a transfer ended before or after the head of a content."""
    if error == pycurl.E_OPERATION_TIMEDOUT:
        return FailureError(RejectReason.TIMEOUT, is_passing=True, detail=detail)
    if error is None or error in _NO_HTTP:
        return FailureError(RejectReason.SERVER_ERROR, is_passing=True)
    if has_begun:
        return FailureError(RejectReason.TRUNCATED, is_passing=True)
    if error == pycurl.E_URL_MALFORMAT:
        return FailureError(RejectReason.CONNECTION_ERROR)
    is_lasting = error == pycurl.E_PEER_FAILED_VERIFICATION
    return FailureError(RejectReason.CONNECTION_ERROR, is_passing=not is_lasting, detail=detail)
