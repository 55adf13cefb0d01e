"""Names and passwords of stores, which are told in the environment or a file and never on a command line."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filmgraph.errors import StoreError

__all__ = ["LOGIN", "LOGIN_FILE", "Login"]

LOGIN = "FILMGRAPH_LOGIN"
"""The environment variable that holds a name and a password, parted by a colon."""
LOGIN_FILE = "FILMGRAPH_LOGIN_FILE"
"""The environment variable that names a file whose first line holds them."""


@dataclass(frozen=True)
class Login:
    """A name and a password, and the addresses that they are for; neither a message nor a repr shows the password."""

    user: str
    password: str = field(repr=False)
    urls: tuple[str, ...] = ()

    @classmethod
    def of_environment(cls, *urls: str) -> Login | None:
        """Return what the environment tells for these addresses; None where it tells nothing.

        Raises :class:`~filmgraph.errors.StoreError` for what is no name and password; its text does not show it.
        """
        source, told = LOGIN, os.environ.get(LOGIN)
        if told is None and (file := os.environ.get(LOGIN_FILE)):
            source = file
            try:
                told = (Path(file).read_text("utf-8").splitlines() or [""])[0]
            except (OSError, ValueError) as error:
                raise StoreError(f"{file}: the login cannot be read from here: {type(error).__name__}") from None
        if not told:
            return None
        user, colon, password = told.partition(":")
        if not (user and colon and told.isprintable()):
            raise StoreError(f"{source}: a login is written NAME:PASSWORD on one line")
        return cls(user, password, urls)

    def handlers(self) -> list[Any]:
        """Return what answers a server of these addresses that asks who is there.

        A digest tells nobody the password; basic authentication does, and is therefore kept to HTTPS and this machine.
        """
        from urllib import request

        known = request.HTTPPasswordMgrWithDefaultRealm()
        open_to_read = False
        for url in self.urls:
            known.add_password(None, url, self.user, self.password)
            open_to_read = open_to_read or not _is_private(url)
        handlers: list[Any] = [request.HTTPDigestAuthHandler(known)]
        return handlers if open_to_read else [*handlers, request.HTTPBasicAuthHandler(known)]


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent to an address."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
