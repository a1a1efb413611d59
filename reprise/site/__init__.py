"""The report, the README, and checks of the results."""
