"""One request and what comes back of it, as libcurl tells it; the only room with a socket."""

import socket
from typing import IO, Any

import pycurl

from movie_posters_decade.addresses import is_public
from movie_posters_decade.funnel import Reason
from movie_posters_decade.limits import AGENT, Limits
from movie_posters_decade.patience import opts_out

SPARE_BYTES = 64 * 1024
"""How much is read of what is no content, so that the connection can be used again."""

_OK = 200
_STOP = -1
_NO_HTTP = frozenset({pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY})
_LASTING = frozenset({pycurl.E_URL_MALFORMAT, pycurl.E_PEER_FAILED_VERIFICATION})


class FailureError(Exception):
    """There is no content, for a reason.

    Args:
        reason: why.
        is_passing: whether another try may do better.
    """

    def __init__(self, reason: Reason, *, is_passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_passing = is_passing


class Exchange:
    """What is called while a transfer is under way, and what was learned so.

    Args:
        limits: who may be asked and what is taken.
        body: the file to write the content to.
    """

    def __init__(self, limits: Limits, body: IO[bytes]) -> None:
        self.status: int | None = None
        """The HTTP status of the answer, once there is one."""
        self._limits = limits
        self._body = body
        self._head: list[bytes] = []
        self._room = limits.max_bytes
        self._refusal: Reason | None = None
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
        return next(iter(self._headers(name)), None)

    def end(self, status: int, error: int | None) -> int:
        """Take in how the transfer ended.

        Args:
            status: that of the answer, or 0 if there was none.
            error: libcurl's number for what went wrong, if something did.

        Returns:
            The status.

        Raises:
            FailureError: there is no answer, or none that is whole and wanted.
            OSError: the content could not be written.
        """
        self.status = status or None
        if self._error is not None:
            raise self._error
        # A status that means no says all, however the rest came.
        if error is not None and self.status in {None, _OK}:
            if self._refusal is not None:
                raise FailureError(self._refusal)
            raise _failure(error, has_begun=self.status is not None)
        return status

    def _headers(self, name: str) -> list[str]:
        start = name.lower().encode() + b":"
        return [
            line[len(start) :].decode("latin-1").strip()
            for line in self._head
            if line.lower().startswith(start)
        ]

    def _take_line(self, line: bytes) -> None:
        # A proxy's answer, or one that only announces another, comes before the answer itself.
        if line.startswith(b"HTTP/"):
            self._head.clear()
        self._head.append(line)

    def _take_chunk(self, chunk: bytes) -> int | None:
        if self.status is None:
            self.status = int(self._head[0].split(maxsplit=2)[1])
            if self.status != _OK:
                self._room = SPARE_BYTES
            elif self._is_opted_out():
                return self._refuse(Reason.OPTED_OUT)
        self._room -= len(chunk)
        if self._room < 0:
            return self._refuse(Reason.TOO_LARGE)
        return self._write(chunk) if self.status == _OK else None

    def _is_opted_out(self) -> bool:
        return self._limits.respect_opt_out and opts_out(self._headers("X-Robots-Tag"), AGENT)

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
            return self._refuse(Reason.FORBIDDEN_ADDRESS)
        return socket.socket(family, kind, protocol).detach()

    def _refuse(self, reason: Reason) -> int:
        self._refusal = reason
        return _STOP


def _failure(error: int, *, has_begun: bool) -> FailureError:
    """Return what an error of libcurl means, before or after the head of a content."""
    if error == pycurl.E_OPERATION_TIMEDOUT:
        return FailureError(Reason.TIMEOUT, is_passing=True)
    if error == pycurl.E_FILESIZE_EXCEEDED:
        return FailureError(Reason.TOO_LARGE)
    if error in _NO_HTTP:
        return FailureError(Reason.SERVER_ERROR, is_passing=True)
    if has_begun:
        return FailureError(Reason.TRUNCATED, is_passing=True)
    return FailureError(Reason.UNREACHABLE, is_passing=error not in _LASTING)
