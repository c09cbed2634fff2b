"""How does the library do beside others on the same work? Every rival has a module of its own.

All are given the same arrays of arrivals, classes, service times and patience, and say when each
service began: what they say must be the same to the last digit.
"""
