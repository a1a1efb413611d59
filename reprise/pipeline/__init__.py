"""The machinery of stages: parameters, packs of seeds, files, notebooks."""
