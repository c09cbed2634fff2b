"""Answers that can be swapped: plain callables, one question a file.

A setting makes a function that returns a function; both kinds can be named in a plan.
"""
