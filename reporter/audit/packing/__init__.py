"""Auditors' packs: what is tested of a report, made of its archived bag and of nothing else."""

from __future__ import annotations

from reporter.audit.packing.making import Sampling, pack_customers

__all__ = ["Sampling", "pack_customers"]
