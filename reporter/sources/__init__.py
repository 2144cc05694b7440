"""Where jobs come from: a folder a source, from its service to complete snapshots."""
