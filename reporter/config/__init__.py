"""What a provider writes: settings, secrets, comments and restore tests, as values out of files."""
