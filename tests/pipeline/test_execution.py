"""The engine is a parameter that decides no result, and every bad value of it is one clear line."""

import pytest

from reprise.errors import UserError
from reprise.pipeline import execution, parameters
from reprise.pipeline.execution import Execution
from tests import tiny

SECTION = {"engine": "ray", "address": None, "workers": None}


def test_the_committed_section_is_allowed_and_no_stage_tracks_it():
    committed = parameters.load("execution", Execution, tiny.ROOT / "params.yaml")
    assert committed == execution.HERE
    assert "execution" not in (tiny.ROOT / "dvc.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "rai"}, "engine is 'rai'; allowed: one of inline, processes, ray; did you"),
        *(
            ({"address": address}, f"address is {address!r}; allowed: HOST:PORT, or null")
            for address in ("", "10.0.0.1", "10.0.0.1:", "ray://head:10001", "a b:1")
        ),
        (
            {"engine": "inline", "address": "head:6379"},
            "address is 'head:6379'; allowed: null, unless engine is ray (it is inline)",
        ),
        *(({"workers": workers}, "workers is ") for workers in (0, -1, 1.5, True, "2")),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(changes, message):
    with pytest.raises(UserError) as error:
        parameters.checked(SECTION | changes, "execution", Execution)
    assert str(error.value).startswith(f"execution.{message}")


def test_an_engine_is_in_force_inside_only():
    inline = Execution(engine="inline", address=None, workers=None)
    with execution.used(inline):
        assert execution.current() is inline
    assert execution.current() is execution.HERE
