"""Comparison of revisions: `python -m reprise.compare`."""
