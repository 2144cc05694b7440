"""The channels, as the configuration sets them up; each is one file or folder here."""
