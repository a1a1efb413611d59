"""The deep and policy-search algorithms, one file each."""
