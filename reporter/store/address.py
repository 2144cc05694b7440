"""Where a store is, from its URL alone."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa


def is_file(url: str) -> bool:
    """Whether the store is a file, which other machines do not have."""
    return sa.make_url(url).get_backend_name() == "sqlite"


def whole_url(url: str) -> str:
    """The URL with the whole path of the file, for processes that work in another folder."""
    if not is_file(url):
        return url
    made = sa.make_url(url)
    path = str(Path(made.database or "").absolute())
    return made.set(database=path).render_as_string(hide_password=False)
