"""The report, the README and the checks of a reproduced pipeline."""
