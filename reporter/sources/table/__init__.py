"""Jobs from files of any backup product: CSV or JSON tables, read by a mapping that the provider
writes. The files are kept unchanged, and are read into rows in our terms.
"""
