"""What we ask of a web server, and how far we follow it: one file, by GET, over http or https.

Called by `download.py`. Everything that a server answers is bounded, and what is shown of an
address holds no secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib import request as http
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit

from shannot import __version__
from shannot.errors import ShannotError, UnsuccessfulError, UsageError
from shannot.escape import escape

_REDIRECTS = (301, 302, 303, 307, 308)
_UNSATISFIABLE = 416  # RFC 9110, 15.5.17: what is asked for lies behind the end


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a server may ask of us."""

    size: int = 256 << 20
    """Bytes of one file."""
    redirects: int = 5
    attempts: int = 5
    """Connections for one file; another one is only made after one that brought something."""
    patience: float = 30.0
    """Seconds without a byte, or for less than `floor` bytes."""
    floor: int = 4096


class InterruptedTransferError(Exception):
    """The transfer ended early; what is there is good. The message says how it ended."""


def check_address(url: str, secure: bool) -> None:
    """Raises UsageError for what is no address of a file on the web, or is not secure enough."""
    try:
        parts = urlsplit(url)
        has_host, has_password = bool(parts.hostname), parts.username is not None
        _ = parts.port
    except ValueError:
        has_host = has_password = False
    else:
        if has_password:
            raise UsageError("an address with a user or password in it is not taken")
    visible = url.isascii() and url.isprintable() and " " not in url
    if not visible or not has_host or parts.scheme not in ("https", "http"):
        raise UsageError(f"not an https address: {shown(url)}")
    if secure and parts.scheme != "https":
        raise UsageError(f"not an https address: {shown(url)}")


def shown(url: str) -> str:
    """An address for people: without what may be a secret (user, query, fragment)."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("#")[0].partition("/")
    return escape(scheme + separator + host.rpartition("@")[2] + slash + path)[:500]


def open_answer(url: str, have: int, *, secure: bool, bounds: Bounds) -> HTTPResponse | None:
    """The answer with the file's contents from byte `have` on, or whole where it knows no ranges.

    None: the file has no more than `have` bytes. Errors: InterruptedTransferError for what may be
    otherwise the next time, UnsuccessfulError for an answer that is final.
    """
    opener, place = _opener(), url
    for _ in range(bounds.redirects + 1):
        headers = {"User-Agent": f"shannot/{__version__}", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        try:
            order = http.Request(place, headers=headers)  # noqa: S310 - check_address was here
            answer: object = opener.open(order, timeout=bounds.patience)
        except HTTPError as error:
            error.close()
            if error.code == _UNSATISFIABLE and have:
                return None
            if error.code not in _REDIRECTS:
                told = escape(str(error.reason))[:100]
                raise UnsuccessfulError(
                    f"cannot download {shown(place)}: the server says {error.code} {told}"
                ) from None
            place = _redirected(url, place, error.headers.get("Location") or "", secure)
            continue
        except (URLError, HTTPException, OSError, ValueError) as error:
            raise InterruptedTransferError(why(error, bounds)) from None
        if isinstance(answer, HTTPResponse):
            return answer
        raise InterruptedTransferError("no answer in HTTP")
    raise UnsuccessfulError(f"cannot download {shown(url)}: more than {bounds.redirects} redirects")


def why(error: Exception, bounds: Bounds) -> str:
    """Why a connection failed, in a few words."""
    cause: object = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer for {bounds.patience:g} seconds"
    if isinstance(cause, OSError) and cause.strerror:
        return escape(cause.strerror)[:200]
    return (escape(str(cause)) or type(cause).__name__)[:200]


def _redirected(url: str, place: str, location: str, secure: bool) -> str:
    """Where a redirect leads. UnsuccessfulError where we do not follow: never back from https."""
    try:
        goal = urljoin(place, location)
        check_address(goal, secure or place.startswith("https:"))
    except (UsageError, ValueError):
        raise UnsuccessfulError(
            f"cannot download {shown(url)}: it redirects to {shown(location)!r},"
            " which is not an https address"
        ) from None
    return goal


def _opener() -> http.OpenerDirector:
    """http and https, through the proxies of the environment; redirects are left to us.

    urllib's own handler for them reads the whole body of each, however long.
    """
    try:
        import ssl

        secure = http.HTTPSHandler(context=ssl.create_default_context())
    except (ImportError, AttributeError):
        raise ShannotError(
            "this python was built without ssl and cannot download: fetch the archives by other"
            " means and name their directory with --from"
        ) from None
    opener = http.OpenerDirector()
    for handler in (
        http.ProxyHandler(),
        http.HTTPHandler(),
        secure,
        http.HTTPDefaultErrorHandler(),
        http.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
