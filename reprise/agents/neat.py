"""NEAT on a Gymnasium environment with two actions, by neat-python.

NEAT (NeuroEvolution of Augmenting Topologies) is a genetic algorithm. Its genomes are networks:
weights mutate, and connections and nodes are added and removed. Networks that differ much belong to
separate species and do not compete, so that a new structure has time to prove itself.

Source: K. Stanley and R. Miikkulainen, Evolving neural networks through augmenting topologies,
2002; https://neat-python.readthedocs.io.
"""

import configparser
import random  # noqa: TID251 (neat-python draws from it; its state is restored)
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import gymnasium
import neat
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from reprise import seeds
from reprise.environments.rollout import Actions, Observations, evaluate
from reprise.errors import UserError
from reprise.hyperparameters import AtLeastTwo, Evaluation, Frozen, PositiveInt


class Neat(Frozen):
    """The hyperparameters of NEAT, except those of the genomes."""

    seeds: PositiveInt
    population: AtLeastTwo
    generations: PositiveInt  # at most
    episodes: PositiveInt  # with which a genome is evaluated
    maximum_steps: PositiveInt  # of an episode; a genome with this mean return ends the search
    evaluation: Evaluation  # of the winner

    @model_validator(mode="after")
    def _has_seeds_for_evolution(self) -> Self:
        if not self.evaluation.first_seed:
            raise ValueError("evaluation.first_seed is 0; allowed: from 1, above evolution's seeds")
        return self


class Evolution(NamedTuple):
    """The result of one seed."""

    winner: dict[str, Any]  # its size, fitness and mean returns, and the cost of the search
    fitness: pd.DataFrame  # best and mean fitness (mean training return) of each generation
    returns: NDArray[np.float64]  # of the winner's evaluation episodes, [limits, E]


def run(h: Neat, settings: Path, environment_id: str, seed: int, number: int) -> Evolution:
    """Evolve networks, with seed number `number`.

    `seed` is the experiment's. The winner is evaluated on seeds that evolution never used.
    `settings` is neat-python's configuration file, without the keys that are hyperparameters here.
    """
    generator, evaluation = seeds.generator(seed, "neat", number), h.evaluation
    own_seed = int(generator.integers(2**32))
    episodes = generator.integers(evaluation.first_seed, size=h.episodes).tolist()
    config, generations, tried = configuration(h, settings), [], 0
    environment = gymnasium.make(environment_id, h.maximum_steps, disable_env_checker=True)

    def assess(genomes: list[tuple[int, Any]], config: neat.Config) -> None:
        nonlocal tried
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            returns = [_play(network, environment, episode) for episode in episodes]
            genome.fitness = sum(returns) / len(returns)
        fitness = [genome.fitness for _, genome in genomes]
        generations.append((max(fitness), sum(fitness) / len(fitness)))
        tried += len(fitness)

    state = random.getstate()  # neat-python seeds it and draws from it
    try:
        with environment:
            winner = neat.Population(config, seed=own_seed).run(assess, h.generations)
    finally:
        random.setstate(state)
    assert winner
    network = neat.nn.FeedForwardNetwork.create(winner, config)

    def act(observations: Observations, step: int) -> Actions:
        return np.array([[_decide(network, observation[:, 0])] for observation in observations])

    returns = evaluate(act, environment_id, evaluation.seeds, 1, evaluation.limits)[:, :, 0]
    fitness = pd.DataFrame(generations, columns=pd.Index(["best", "mean"]))
    cost = {"generations": len(fitness), "evaluations": tried}
    size = dict(zip(("nodes", "connections"), winner.size(), strict=True))  # without inputs
    names = [f"return_{limit}" for limit in evaluation.limits]
    means = dict(zip(names, returns.mean(axis=1), strict=True))
    return Evolution(cost | size | {"fitness": fitness["best"].max()} | means, fitness, returns)


def _play(network: Any, environment: gymnasium.Env, seed: int) -> float:
    """Play one episode, and return its return."""
    observation, _ = environment.reset(seed=seed)
    total, ended = 0.0, False
    while not ended:
        action = _decide(network, observation)
        observation, reward, terminated, truncated, _ = environment.step(action)
        total, ended = total + float(reward), terminated or truncated
    return total


def _decide(network: Any, observation: NDArray[np.floating]) -> int:
    return int(network.activate(observation.tolist())[0] > 0)


def configuration(h: Neat, settings: Path) -> neat.Config:
    """Read neat-python's configuration, which also counts a search's nodes.

    Raises:
        UserError: the settings file is missing or wrong.
    """
    parser = configparser.ConfigParser()
    try:
        parser.read_string(settings.read_text(encoding="utf-8"), str(settings))
        limits = {"pop_size": h.population, "fitness_threshold": h.maximum_steps}
        parser["NEAT"].update({key: str(value) for key, value in limits.items()})
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder, settings.name)
            with whole.open("w", encoding="utf-8") as file:
                parser.write(file)
            return neat.Config(
                neat.DefaultGenome,
                neat.DefaultReproduction,
                neat.DefaultSpeciesSet,
                neat.DefaultStagnation,
                filename=str(whole),
            )
    except FileNotFoundError:
        raise UserError(f"{settings} does not exist") from None
    except (OSError, configparser.Error, KeyError, ValueError, RuntimeError, NameError) as error:
        raise UserError(f"{settings}: {' '.join(str(error).split())}") from error


def winner_table(evolutions: Sequence[Evolution]) -> pd.DataFrame:
    """List each seed's cost and winner."""
    return pd.DataFrame([each.winner for each in evolutions]).rename_axis("seed").reset_index()


def fitness_table(evolutions: Sequence[Evolution]) -> pd.DataFrame:
    """List the best and mean fitness by seed and generation."""
    parts = {number: each.fitness for number, each in enumerate(evolutions)}
    return pd.concat(parts).rename_axis(["seed", "generation"]).reset_index()
