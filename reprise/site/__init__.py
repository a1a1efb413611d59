"""The report, the README, the checks of results."""
