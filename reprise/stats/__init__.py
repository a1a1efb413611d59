"""Intervals, comparisons of groups and multiple testing."""
