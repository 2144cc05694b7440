"""Where jobs come from: a folder a source. In comes what a service or a file holds, out go complete
snapshots of customers, and rows in our words.
"""
