"""Mail: the message with a report, to whom it goes, and through what."""
