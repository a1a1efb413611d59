"""Two revisions beside each other: `python -m reprise.compare`."""
