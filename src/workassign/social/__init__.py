"""Mentions in, interactions out: reading, screening, topic and language."""
