"""Models of texts: trained from labels, read in pure Python, measured."""
