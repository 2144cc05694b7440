"""From the service to complete snapshots: tokens, retries, paging, both generations."""

from reporter.fetch.source import JobSource, open_source

__all__ = ["JobSource", "open_source"]
