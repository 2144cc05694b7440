"""How a report leaves the house: by mail, as files in a folder, as a message to a web address.

Each channel takes what is to be delivered and says what came of it; none knows of the store.
"""
