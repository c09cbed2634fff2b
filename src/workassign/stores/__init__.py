"""Shelves for the journal; each keeps the promises of `workassign.journal.Store`."""
