"""Partial observability: what each variant is allowed to see."""

from stages import partial_observability
from stages.partial_observability import Params
from tests import tiny
from tests.stages.executing import trained

NAME = "partial_observability"


def test_variants_see_their_features_and_only_noisy_ones_err():
    given = Params(**tiny.section(NAME))
    assert given.sensors("full").features == (0, 1, 2, 3)
    assert given.sensors("positions").features == (0, 2)
    assert given.sensors("positions_and_previous").noise == (0.0, 0.0)
    features = ("position", "velocity", "angle", "angular_velocity")
    assert given.sensors("noisy").noise == tuple(getattr(given.noise, name) for name in features)
    assert given.sensors("noisy_with_history").history > 1


def test_the_headline_names_every_variant(tmp_path_factory):
    said = partial_observability.headline(trained(NAME, tmp_path_factory))
    assert said.startswith("greedy return full ")
    assert all(f"{name.replace('_', ' ')} " in said for name in tiny.section(NAME)["variants"])
