"""A database's URL: variables filled in, and nothing secret left for anybody to print."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from paretorec.errors import ConfigError, DataError

SECRET = ("password", "passwd", "pwd", "token", "secret", "odbc_connect")
"""Parameters of a URL that hold credentials."""


def address(text: str) -> URL:
    """`text` with ``${VARIABLE}`` filled in: in each part, so that a password may hold any character.

    Raises `ConfigError` for a password that stands in the text itself, and for a variable that is not set. No message
    holds any part of the URL.
    """
    unset = [name for name in re.findall(r"\$\{(\w+)\}", text) if name not in os.environ]
    if unset:
        raise ConfigError(f"source.params.url: the environment variable {unset[0]} in it is not set")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # a variable in place of the port, or of everything
        url = _parsed(os.path.expandvars(text))
    else:
        _refuse_secrets(url)
        query = {
            key: tuple(map(_filled, value)) if isinstance(value, tuple) else _filled(value)
            for key, value in url.query.items()
        }
        url = URL.create(
            url.drivername,
            username=_filled(url.username),
            password=_filled(url.password),
            host=_filled(url.host),
            port=url.port,
            database=_filled(url.database),
            query=query,  # type: ignore[arg-type]
        )
    return url


def check_exists(url: URL) -> None:
    """Raise `DataError` for a file of SQLite's that is not there: opening it would make an empty one."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database.removeprefix("file:").partition("?")[0])
        if not path.exists():
            raise DataError(f"{path}: there is no such database; relative paths start from {Path.cwd()}")


def redacted(text: str, url: URL) -> str:
    """`text` in one line, without the credentials of `url` however they are written."""
    secrets = {url.render_as_string(hide_password=False)}
    values = [url.password, url.username, *(url.query.get(key) for key in SECRET)]
    for value in values:
        if isinstance(value, str) and value:
            secrets |= {value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1]}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return " ".join(text.split())


def _parsed(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "source.params.url is no SQLAlchemy URL such as sqlite:///shop.db or "
            "postgresql+psycopg://USER:${PASSWORD}@HOST/DATABASE"
        ) from None


def _refuse_secrets(url: URL) -> None:
    held = [url.password, *(url.query.get(key) for key in SECRET)]
    if any(value and not str(value).startswith("${") for value in held):
        raise ConfigError(
            "source.params.url has a password in it, which would be kept with every run: put it in an environment "
            "variable and write ${VARIABLE} in its place"
        )


def _filled(text: str | None) -> str | None:
    return None if text is None else os.path.expandvars(text)
