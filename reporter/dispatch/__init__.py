"""From a rendered report to its recipients: queueing, approving, sending and settling.

An error with one customer does not affect the others. A file is sent only if it is, byte for byte,
as it was rendered.
"""
