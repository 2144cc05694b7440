"""Jobs from files of any backup product: a CSV or JSON table, read by a mapping that the provider
writes. In come the files as they are, out go rows in our words.
"""
