"""How a report is delivered: by mail, as files in a folder, as a message to a web address.

Each channel takes what is to be delivered and reports the result; none knows of the store.
"""
