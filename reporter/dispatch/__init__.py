"""From a rendered report to its recipients: what is queued, and how it goes.

One customer's fault costs no other; nothing goes that is not, to the byte, what was rendered.
"""
