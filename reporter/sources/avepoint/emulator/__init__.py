"""An emulator of the AvePoint Graph API, both generations, over real HTTP on this machine."""

from reporter.sources.avepoint.emulator.apart import emulator_apart
from reporter.sources.avepoint.emulator.cast import Profile, ordinary_customers
from reporter.sources.avepoint.emulator.demo_customers import demo_cast
from reporter.sources.avepoint.emulator.faults import Faults
from reporter.sources.avepoint.emulator.rows import Lists
from reporter.sources.avepoint.emulator.runs import JobRun, ScopeChange, Truth
from reporter.sources.avepoint.emulator.server import Clock, Emulator

__all__ = [
    "Clock",
    "Emulator",
    "Faults",
    "JobRun",
    "Lists",
    "Profile",
    "ScopeChange",
    "Truth",
    "demo_cast",
    "emulator_apart",
    "ordinary_customers",
]
