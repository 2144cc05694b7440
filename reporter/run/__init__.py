"""From customers to files: snapshots into the store, and out of it the reports that are due."""
