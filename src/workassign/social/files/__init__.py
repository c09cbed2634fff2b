"""Files of mentions, record by record."""
