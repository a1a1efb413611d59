"""Stages: parameters in, artifacts out, work cut into packs."""
