"""Mail: the message with a report, its recipients, and the service that transports it."""
