"""REINFORCE over lanes against the chapter's loop, and lanes and packs against each other."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import reinforce
from reprise.agents.returns import discounted_returns, normalised
from reprise.environments.cartpole import CartPole
from reprise.nn import networks, streams
from reprise.nn.determinism import tf

TINY = reinforce.Hyperparameters(
    hidden_sizes=(5,), activation="relu", iterations=4, episodes_per_iteration=3, maximum_steps=40,
    behaviour="sampled", credit="advantage", discount=0.95, optimiser="nadam", learning_rate=0.01,
)  # fmt: skip
KEYS = seeds.lane_keys(42, "training", range(4))


def chapters_gradient(model, episodes, advantages, lane):
    """Return the mean of each step's gradient times its advantage, one step at a time."""
    gradients, weights = [], []
    for episode in range(TINY.episodes_per_iteration):
        for step in range(TINY.maximum_steps):
            if not episodes.played[step, episode, lane]:
                continue
            observation = episodes.observation[step, episode, :, lane][None]
            target = 1.0 - float(episodes.action[step, episode, lane])
            with tf.GradientTape() as tape:
                left = model(observation)
                loss = tf.reduce_mean(
                    tf.keras.losses.binary_crossentropy(tf.constant([[target]]), left)
                )
            gradients.append(tape.gradient(loss, model.trainable_variables))
            weights.append(float(advantages[step, episode, lane]))
    return [
        np.mean([w * g[k].numpy() for w, g in zip(weights, gradients, strict=True)], axis=0)
        for k in range(len(gradients[0]))
    ]


def test_the_compiled_gradient_is_the_chapters_step_by_step_one():
    keys = tf.constant(KEYS.T)
    weights = networks.glorot_uniform(streams.fold(keys, 0), (4, 5, 1))

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        episodes = reinforce.play(
            reinforce.behaviour(weights, reinforce.numbers_of([TINY] * 4), TINY),
            streams.fold(keys, 1), CartPole(),
            TINY.episodes_per_iteration, TINY.maximum_steps,
        )  # fmt: skip
        reward = tf.where(episodes.played, episodes.reward, 0.0)
        advantage = normalised(discounted_returns(reward, TINY.discount), episodes.played)
        return episodes, advantage, reinforce.policy_gradient(weights, episodes, advantage, TINY)

    episodes, advantage, gradient = compiled()
    arrays = networks.to_arrays(weights, "relu", "sigmoid")
    for lane in range(4):
        model = networks.to_keras(arrays, lane)
        expected = chapters_gradient(model, episodes, advantage.numpy(), lane)
        ours = [gradient[k].numpy()[..., lane].T for k in range(4)]
        for mine, theirs in zip(ours, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=2e-6)


def test_two_trainings_from_the_same_keys_are_the_same_bytes():
    first, second = (reinforce.train(TINY, CartPole(), KEYS) for _ in range(2))
    assert first.returns.tobytes() == second.returns.tobytes()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first.final, second.final, strict=True))


def test_no_two_lanes_share_initial_weights_or_episodes():
    trained = reinforce.train(TINY, CartPole(), KEYS)
    assert len({trained.final[0][..., lane].tobytes() for lane in range(4)}) == 4
    assert len({trained.steps[:, lane].tobytes() for lane in range(4)}) == 4


def test_a_lane_depends_on_its_key_and_not_on_its_neighbours():
    other = KEYS.copy()
    other[0] = 1
    trained, changed = (reinforce.train(TINY, CartPole(), keys) for keys in (KEYS, other))
    np.testing.assert_array_equal(trained.returns[:, 1:], changed.returns[:, 1:])
    assert (trained.returns[:, 0] != changed.returns[:, 0]).any()


def test_training_teaches_to_balance():
    longer = TINY.model_copy(
        update={"iterations": 60, "maximum_steps": 100, "episodes_per_iteration": 10}
    )
    returns = reinforce.train(longer, CartPole(), KEYS).returns
    assert returns[-5:].mean() > 2 * returns[:5].mean()


@pytest.mark.parametrize("step", [0, 3])
def test_the_greedy_policy_takes_the_likelier_action(step):
    trained = reinforce.train(TINY, CartPole(), KEYS)
    observations = np.random.default_rng(0).normal(size=(6, 4, 4)).astype(np.float32)
    actions = reinforce.policy(trained.final, TINY)(observations, step)
    arrays = reinforce.export(trained.final, TINY)
    for lane in range(4):
        left = networks.to_keras(arrays, lane)(observations[..., lane]).numpy()[:, 0]
        np.testing.assert_array_equal(actions[:, lane], left < 0.5)


def test_the_sampled_policy_follows_the_probabilities():
    weights = [
        np.zeros((5, 4, 1), np.float32),
        np.zeros((5, 1), np.float32),
        np.zeros((1, 5, 1), np.float32),
    ]
    weights.append(np.array([[np.log(0.7 / 0.3)]], np.float32))
    act = reinforce.policy(weights, TINY, np.random.default_rng(0))
    actions = act(np.zeros((20_000, 4, 1), np.float32), 0)
    assert abs(actions.mean() - 0.3) < 0.015


@pytest.mark.parametrize("behaviour", ["sampled", "likeliest"])
def test_training_behaves_as_it_is_told(behaviour):
    h = TINY.model_copy(update={"behaviour": behaviour})
    keys = tf.constant(KEYS.T)
    weights = reinforce.initial_weights(keys, CartPole(), h)
    choose = reinforce.behaviour(weights, reinforce.numbers_of([h] * 4), h)
    played = reinforce.play(choose, keys, CartPole(), 10, 40)
    left = tf.sigmoid(reinforce.logits(weights, played.observation, h)[..., 0, :]).numpy()
    likelier = (left < 0.5) == played.action.numpy()
    share = likelier[played.played.numpy()].mean()
    assert share == 1 if behaviour == "likeliest" else 0.5 < share < 0.9


def test_lanes_of_one_program_may_differ_in_all_that_is_a_number():
    alone = [
        TINY.model_copy(update=change)
        for change in (
            {"behaviour": "likeliest"}, {"credit": "return"}, {"credit": "total_reward"},
            {"learning_rate": 0.02, "discount": 0.9},
        )
    ]  # fmt: skip
    numbers = [reinforce.numbers_of([h] * 4) for h in alone]
    mixed = reinforce.Numbers(*(
        tf.stack([values[lane] for lane, values in enumerate(field)])
        for field in zip(*numbers, strict=True)
    ))  # fmt: skip
    keys = tf.constant(KEYS.T)
    weights = reinforce.initial_weights(keys, CartPole(), TINY)
    structure = TINY.structure(reinforce.Hyperparameters, reinforce.Numbers._fields)
    (together, _), _ = reinforce.program(CartPole(), structure)(keys, weights, mixed)
    apart = [reinforce.train(h, CartPole(), KEYS).returns[:, lane] for lane, h in enumerate(alone)]
    np.testing.assert_array_equal(together.numpy(), np.stack(apart, axis=-1))
    assert len(np.unique(together.numpy(), axis=1).T) == 4
