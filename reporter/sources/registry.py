"""The sources there are."""

from typing import Final

from reporter.sources.avepoint.reading.reader import AvePointReader
from reporter.sources.interface import Reader

READER: Final[Reader] = AvePointReader()
"""Reads what the store and the archives keep."""
