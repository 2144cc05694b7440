"""Archives of reports: made from what the store keeps, and held against themselves by anybody."""
