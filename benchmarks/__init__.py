"""Benchmarks: whole commands, each prints what it measured and takes `--json PATH`."""
