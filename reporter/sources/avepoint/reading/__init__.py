"""From the replies of the service to rows and values in our words: all that knows how it writes."""
