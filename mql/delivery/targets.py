"""Where events go: a file of JSON lines, standard output, or a webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from mql.json_lines import append_lines
from mql.project import ProjectError

# Answers after which the same request may yet succeed.
PASSING = frozenset({408, 425, 429, *range(500, 600)})
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Refused(Exception):
    """The receiver will not have this event; the text says why."""


class Unreachable(Exception):
    """The receiver did not answer, or only that it cannot now; the text says why."""


class File:
    """Appends to a file that only its owner may read: there are people in it."""

    def __init__(self, path: Path):
        self.path = path
        self.name = str(path)

    def send(self, key: str, body: bytes) -> None:
        """Adds a line, on disk before this returns. Raises Unreachable."""
        try:
            append_lines(self.path, [body], mode=0o600)
        except OSError as error:
            raise Unreachable(f"{self.path}: {error.strerror or error}") from error

    def forget(self, handoff_ids: set[str]) -> None:
        """Takes out the lines of hand-overs that are no more: an erased person's, say.

        Raises ProjectError where the file cannot be rewritten.
        """
        if not self.path.is_file():
            return
        kept = self.path.with_name(f".{self.path.name}.new")
        try:
            kept.unlink(missing_ok=True)
            with open(self.path, "rb") as file:
                append_lines(
                    kept,
                    [
                        line.rstrip(b"\n")
                        for line in file
                        if handoff_id_of(line) not in handoff_ids
                    ],
                    mode=0o600,
                )
            kept.replace(self.path)
        except OSError as error:
            raise ProjectError(
                f"{self.path} has events of hand-overs that are no more, and cannot be"
                f" rewritten without them ({error.strerror}). Nothing was delivered."
            ) from error


def handoff_id_of(line: bytes) -> str | None:
    """The hand-over a line of a file is about; None for a line that is not ours."""
    try:
        cells = json.loads(line)
    except ValueError:
        return None
    return cells.get("handoff_id") if isinstance(cells, dict) else None


class StandardOutput:
    """Prints a line for each event."""

    name = "standard output"

    def send(self, key: str, body: bytes) -> None:
        """Prints a line. Raises Unreachable where nobody reads any more."""
        try:
            sys.stdout.buffer.write(body + b"\n")
            sys.stdout.buffer.flush()
        except OSError as error:
            raise Unreachable(f"standard output: {error.strerror}") from error


class Webhook:
    """Posts each event to an address, and tries again while that may help.

    The waits between attempts are 0, 2, 4, 8 … times `backoff` seconds, or what the
    receiver asks for (`Retry-After`), up to `longest_wait` seconds. `timeout` is the
    seconds for connecting and between two bytes of the answer.
    """

    def __init__(
        self,
        address: str,
        secret: str = "",
        attempts: int = 5,
        backoff: float = 1.0,
        longest_wait: int = 600,
        timeout: float = 10.0,
    ):
        """Raises ProjectError for an address that nothing can be posted to safely."""
        self.address = address
        self.name = checked_origin(address)
        self.secret = secret.encode()
        self.timeout = timeout
        self.session = requests.Session()
        retry = Retry(
            total=attempts - 1,
            allowed_methods={"POST"},
            status_forcelist=PASSING,
            backoff_factor=backoff,
            retry_after_max=longest_wait,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=retry))

    def send(self, key: str, body: bytes) -> None:
        """Posts an event. Raises Refused or Unreachable.

        The messages name no more than the host: addresses of webhooks are secrets.
        """
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "User-Agent": "mql-warehouse",
        }
        if self.secret:
            digest = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
            headers["X-MQL-Signature"] = f"sha256={digest}"
        try:
            response = self.session.post(
                self.address,
                data=body,
                headers=headers,
                timeout=self.timeout,
                # a redirected POST becomes a GET, and says "200" without a delivery
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unreachable(f"{self.name}: {in_words(error)}") from error
        if 200 <= response.status_code < 300:
            return
        answer = (
            f"{self.name} answered {response.status_code} {response.reason}".strip()
        )
        if response.status_code in PASSING:
            raise Unreachable(answer)
        if 300 <= response.status_code < 400:
            answer += "; redirects are not followed: give the address it leads to"
        raise Refused(answer)


def checked_origin(address: str) -> str:
    """Scheme, host and port of an address. Raises ProjectError for a bad one."""
    try:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.hostname}"
        if parts.port:
            origin += f":{parts.port}"
    except ValueError:
        parts, origin = None, ""
    if not parts or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProjectError(
            "MQL_WEBHOOK_URL is not an address to post to: it takes the form"
            " https://host/path."
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ProjectError(
            f"MQL_WEBHOOK_URL is {origin}/…: names and telephone numbers do not travel"
            " unencrypted. Use https; http is for this machine only (127.0.0.1)."
        )
    return origin


def in_words(error: requests.RequestException) -> str:
    """What went wrong on the way, without the address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate, or the encryption, is not accepted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not let it through"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    cause = str(error)
    if isinstance(error, requests.Timeout) or "Read timed out" in cause:
        return "no answer in time"
    if "NameResolutionError" in cause or "Failed to resolve" in cause:
        return "there is no host of this name"
    if "refused" in cause:
        return "it refuses connections"
    if isinstance(error, requests.ConnectionError):
        return "the connection broke off"
    return type(error).__name__


def chosen_target(out: str | None, default: Path):
    """The target: `out` where given, else the webhook of the environment, else a file.

    Raises ProjectError for a webhook's address that is none.
    """
    if out == "-":
        return StandardOutput()
    if out:
        return File(Path(out))
    address = os.environ.get("MQL_WEBHOOK_URL", "").strip()
    if address:
        return Webhook(address, os.environ.get("MQL_WEBHOOK_SECRET", ""))
    return File(default)
