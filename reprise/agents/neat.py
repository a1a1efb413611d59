"""NEAT on a Gymnasium environment of two actions, through neat-python.

NEAT (NeuroEvolution of Augmenting Topologies) is a genetic algorithm with networks as genomes:
weights mutate, and connections and nodes come and go. Very different networks compete within
separate species, so that a new structure has time to prove itself.

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

Floats = NDArray[np.float64]


class Neat(Frozen):
    """The hyperparameters of NEAT; a file of neat-python holds those of the genomes."""

    runs: PositiveInt
    population: AtLeastTwo
    generations: PositiveInt  # at most
    episodes: PositiveInt  # of each evaluation
    maximum_steps: PositiveInt  # of an episode; a mean return of so much ends the run
    evaluation: Evaluation  # of the winner

    @model_validator(mode="after")
    def _has_seeds_to_breed_on(self) -> Self:
        if not self.evaluation.first_seed:
            raise ValueError("evaluation.first_seed is 0; allowed: from 1, above the seeds bred on")
        return self


class Evolution(NamedTuple):
    """A run of NEAT; the fitness of a genome is its mean return over the training episodes."""

    best: list[float]  # fitness of each generation, [K]
    mean: list[float]  # fitness of each generation, [K]
    evaluations: int  # genomes tried
    nodes: int  # of the winner's network, without inputs
    connections: int  # of the winner's network, enabled ones
    returns: Floats  # of the winner's evaluation episodes, [limits, E]


def run(
    hyperparameters: Neat, settings: Path, environment_id: str, seed: int, run: int
) -> Evolution:
    """Evolve networks in one run, and evaluate the winner on seeds that evolution never used.

    Args:
        hyperparameters: of the run.
        settings: neat-python's configuration, without the keys of the hyperparameters.
        environment_id: an environment of two actions.
        seed: the experiment's.
        run: the run's number.
    """
    generator, evaluation = seeds.generator(seed, "neat", run), hyperparameters.evaluation
    own_seed = int(generator.integers(2**32))
    episodes = generator.integers(evaluation.first_seed, size=hyperparameters.episodes).tolist()
    config = configuration(hyperparameters, settings)
    best, mean, evaluations = [], [], 0
    environment = gymnasium.make(
        environment_id, hyperparameters.maximum_steps, disable_env_checker=True
    )

    def assess(genomes: list[tuple[int, Any]], config: neat.Config) -> None:
        nonlocal evaluations
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            returns = [play(network, environment, episode) for episode in episodes]
            genome.fitness = sum(returns) / len(returns)
        fitness = [genome.fitness for _, genome in genomes]
        best.append(max(fitness))
        mean.append(sum(fitness) / len(fitness))
        evaluations += len(fitness)

    state = random.getstate()  # neat-python seeds it and draws from it
    try:
        with environment:
            winner = neat.Population(config, seed=own_seed).run(assess, hyperparameters.generations)
    finally:
        random.setstate(state)
    assert winner
    nodes, connections = winner.size()
    network = neat.nn.FeedForwardNetwork.create(winner, config)

    def act(observations: Observations, step: int) -> Actions:
        return np.array([[decide(network, observation[:, 0])] for observation in observations])

    returns = evaluate(act, environment_id, evaluation.seeds, 1, evaluation.limits)[:, :, 0]
    return Evolution(best, mean, evaluations, nodes, connections, returns)


def play(network: Any, environment: gymnasium.Env, seed: int) -> float:
    """Return the return of one episode."""
    observation, _ = environment.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        step = environment.step(decide(network, observation))
        observation, over = step[0], step[2] or step[3]
        total += float(step[1])
    return total


def decide(network: Any, observation: NDArray[np.floating]) -> int:
    """Return the second action where the network's output is above 0, else the first."""
    return int(network.activate(observation.tolist())[0] > 0)


def configuration(hyperparameters: Neat, settings: Path) -> neat.Config:
    """Return neat-python's configuration; each run needs its own, which counts its nodes."""
    parser = configparser.ConfigParser()
    try:
        parser.read_string(settings.read_text(encoding="utf-8"), str(settings))
        parser["NEAT"]["pop_size"] = str(hyperparameters.population)
        parser["NEAT"]["fitness_threshold"] = str(hyperparameters.maximum_steps)
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder, settings.name)
            with whole.open("w", encoding="utf-8") as file:
                parser.write(file)
            kinds = (
                neat.DefaultGenome,
                neat.DefaultReproduction,
                neat.DefaultSpeciesSet,
                neat.DefaultStagnation,
            )
            return neat.Config(*kinds, str(whole))
    except FileNotFoundError:
        raise UserError(f"{settings} does not exist") from None
    except (configparser.Error, KeyError, ValueError, RuntimeError, NameError) as error:
        raise UserError(f"{settings}: {' '.join(str(error).split())}") from error


def run_table(evolutions: Sequence[Evolution], limits: Sequence[int]) -> pd.DataFrame:
    """Return a row for each run: its cost, and the winner's size and returns."""
    rows = [
        {
            "run": number,
            "generations": len(run.best),
            "evaluations": run.evaluations,
            "nodes": run.nodes,
            "connections": run.connections,
            "fitness": max(run.best),
            **{f"return_{limit}": r.mean() for limit, r in zip(limits, run.returns, strict=True)},
        }
        for number, run in enumerate(evolutions)
    ]
    return pd.DataFrame(rows)


def fitness_table(evolutions: Sequence[Evolution]) -> pd.DataFrame:
    """Return a row for each run and generation: its best and its mean fitness."""
    parts = [
        pd.DataFrame({"generation": range(len(run.best)), "best": run.best, "mean": run.mean})
        for run in evolutions
    ]
    return pd.concat(parts, keys=range(len(parts)), names=["run"]).reset_index("run")
