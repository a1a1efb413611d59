"""The engine is a parameter that decides no result, and every bad value of it is one clear line."""

import pytest

from reprise.errors import UserError
from reprise.pipeline import execution, parameters
from reprise.pipeline.execution import Execution
from tests import tiny

SECTION = {"engine": "ray", "address": None, "workers": None}


def refused(**changes: object) -> str:
    with pytest.raises(UserError) as error:
        parameters.checked(SECTION | changes, "execution", Execution)
    return str(error.value)


def test_the_committed_section_is_allowed_and_no_stage_tracks_it():
    committed = parameters.load("execution", Execution, tiny.ROOT / "params.yaml")
    assert committed == execution.HERE
    assert "execution" not in (tiny.ROOT / "dvc.yaml").read_text(encoding="utf-8")


def test_an_unknown_engine_is_refused_with_those_there_are():
    assert refused(engine="rai") == (
        "execution.engine is 'rai'; allowed: one of inline, processes, ray; did you mean ray?"
    )


@pytest.mark.parametrize("address", ["", "10.0.0.1", "10.0.0.1:", "ray://head:10001", "a b:1"])
def test_an_address_is_a_host_and_a_port(address):
    assert refused(address=address) == (
        f"execution.address is {address!r}; allowed: HOST:PORT, or null"
    )


def test_an_address_is_for_ray_only():
    assert refused(engine="inline", address="head:6379") == (
        "execution.address is 'head:6379'; allowed: null, unless engine is ray (it is inline)"
    )


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_a_number_of_workers_that_is_none_is_refused(workers):
    assert refused(workers=workers).startswith("execution.workers is ")


def test_an_engine_is_in_force_inside_only():
    inline = Execution(engine="inline", address=None, workers=None)
    with execution.used(inline):
        assert execution.current() is inline
    assert execution.current() is execution.HERE
