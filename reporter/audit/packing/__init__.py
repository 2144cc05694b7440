"""Auditors' packs: what is tested of a report, made of its archived bag and of nothing else."""

from __future__ import annotations

from reporter.audit.packing.making import Drawing, pack_customers

__all__ = ["Drawing", "pack_customers"]
