"""Partial observability: what each variant is allowed to see."""

from stages import partial_observability
from stages.partial_observability import Params
from tests import tiny

NAME = "partial_observability"


def params() -> Params:
    return Params(**tiny.section(NAME))


def test_a_variants_features_are_places_in_the_observation():
    given = params()
    assert given.sensors("full").features == (0, 1, 2, 3)
    assert given.sensors("positions").features == (0, 2)


def test_only_noisy_variants_err_and_only_in_what_they_see():
    given = params()
    noise = given.noise
    assert given.sensors("positions_and_previous").noise == (0.0, 0.0)
    assert given.sensors("noisy").noise == (
        noise.position, noise.velocity, noise.angle, noise.angular_velocity,
    )  # fmt: skip
    assert given.sensors("noisy_with_history").history > 1


def test_the_headline_names_every_variant():
    said = partial_observability.headline(tiny.run(NAME))
    assert said.startswith("greedy return full ")
    assert all(f"{name.replace('_', ' ')} " in said for name in params().variants)
