"""Where jobs come from: one folder for each source. A source reads a service or files, and returns
complete snapshots of customers; its reader turns these into rows in our terms.
"""
