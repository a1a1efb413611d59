"""The source in a notebook is that of the file, and a name that is gone is an error."""

import inspect

import pytest

from reprise.agents import dqn
from reprise.plots import source


def test_functions_are_shown_as_they_stand_in_their_file():
    shown = str(source.of("agents/dqn.py", "td_loss", "td_target").data)
    assert inspect.getsource(dqn.td_target) in shown
    assert shown.index("def td_loss") < shown.index("def td_target")
    assert shown.startswith("The code, from `reprise/agents/dqn.py`:\n\n```python\ndef td_loss")


def test_a_name_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match=r"^reprise/agents/dqn\.py has no targets; there are "):
        source.of("agents/dqn.py", "targets")
