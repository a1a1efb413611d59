"""Judges results: intervals over seeds, and figures that show them."""
