"""Blocks of the README are filled, and nothing else."""

from reprise.site.readme import filled

TEXT = "a\n<!-- results -->\n<!-- end -->\nb\n<!-- session -->\nold\n<!-- end -->\nc\n"


def test_a_place_is_filled_and_filled_anew_and_nothing_else_is_touched():
    assert filled(TEXT, "results", ["new"]) == TEXT.replace("results -->\n", "results -->\nnew\n")
    once = filled(TEXT, "session", ["x\ny"])
    assert once == TEXT.replace("old", "x\ny")
    assert filled(once, "session", ["old"]) == TEXT
