"""What was seen, kept: raw replies as received, and the jobs derived from them."""

from reporter.store.store import Store

__all__ = ["Store"]
