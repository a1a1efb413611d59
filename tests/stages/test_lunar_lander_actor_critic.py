"""LunarLander by PPO; test_pendulum_swing_up.py tests the code that they share."""

from tests import tiny


def test_it_plays_as_reinforce_does():
    own, other = (tiny.sections()[name] for name in ("lunar_lander_actor_critic", "lunar_lander"))
    for key in ("environment", "maximum_steps", "seeds", "evaluation"):
        assert own[key] == other[key]
