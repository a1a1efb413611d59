"""Figures and tables of the notebooks."""
