"""All scenarios, by name: importing a module of them registers them."""

from harness.conformance import inputs, offers, sessions, stateless
from harness.conformance.case import SCENARIOS

MODULES = [inputs, offers, sessions, stateless]

__all__ = ["MODULES", "SCENARIOS"]
