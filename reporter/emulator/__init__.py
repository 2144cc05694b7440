"""An emulator of the AvePoint Graph API, both generations, over real HTTP on this machine."""

from reporter.emulator.apart import emulator_apart
from reporter.emulator.cast import Profile, ordinary_customers
from reporter.emulator.demo_customers import demo_cast
from reporter.emulator.faults import Faults
from reporter.emulator.rows import Lists
from reporter.emulator.runs import Change, Run, Truth
from reporter.emulator.server import Clock, Emulator

__all__ = [
    "Change",
    "Clock",
    "Emulator",
    "Faults",
    "Lists",
    "Profile",
    "Run",
    "Truth",
    "demo_cast",
    "emulator_apart",
    "ordinary_customers",
]
