"""What a text says: words, language, sentiment, intent; how it is cleaned; which say the same."""
