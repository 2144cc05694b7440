"""An emulator of the AvePoint Graph API, both generations, over real HTTP on this machine."""

from reporter.emulator.cast import Profile, demo_cast, ordinary_customers
from reporter.emulator.faults import Faults
from reporter.emulator.server import Emulator

__all__ = ["Emulator", "Faults", "Profile", "demo_cast", "ordinary_customers"]
