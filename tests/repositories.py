"""Copies of this repository with tiny parameters, for tests that run real DVC."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from reprise.pipeline import parameters
from tests import tiny

STAGES = [name for name in tiny.STAGES if name not in {"reporting", "report"}]
EXTRAS = {  # the stages of extra/dvc.yaml
    "lunar_lander", "pendulum_swing_up", "inverted_pendulum", "lunar_lander_actor_critic",
    "atari_pong",
}  # fmt: skip

# One notebook of each kind: `make reproduce` executes all, and other tests do so on odd results.
SHOWN = {
    "hardcoded_baseline", "reinforce_training", "mdp_solving", "dqn_training", "dqn_ablations",
    "claims", "lunar_lander",
}  # fmt: skip

CLAIMS = "data/inputs/claims.yaml"
LIMITS = {"evaluation": {"limits": [200, 500]}}
HISTORIES = ("positions_and_previous", "positions_and_rates", "noisy_with_history")
# Columns that claims name: returns under these limits, and the steps to this target. Variants that
# the stages' own tests train are left out, which spares a minute of compilation.
CLAIMED: dict[str, dict[str, Any]] = {
    "reinforce_training": LIMITS,
    "credit_assignment": LIMITS,
    "partial_observability": LIMITS | {"variants": dict.fromkeys(HISTORIES, tiny.ABSENT)},
    "actor_critic": LIMITS | {"variants": {"ppo": tiny.ABSENT}},
    "dqn_training": LIMITS,
    "dqn_ablations": LIMITS
    | {
        "variants": dict.fromkeys(("relu", "gradient_steps_4", "in_order", "double"), tiny.ABSENT),
        "partners": {"double": tiny.ABSENT},
    },
    "approximate_q_learning": LIMITS,
    "prior_knowledge": LIMITS | {"targets": [10, 195]},
    "policy_search": {"neat": LIMITS},
}


def answered(claim: dict[str, Any], sections: dict[str, Any]) -> bool:
    """Return whether the tiny stages have all variants that a claim names."""
    sources = [claim["test"][name] for name in ("of", "than") if name in claim["test"]]
    return all(
        source["where"]["variant"] in sections[source["stage"]]["variants"]
        for source in sources
        if "variant" in source.get("where", {}) and "variants" in sections[source["stage"]]
    )


class Repository:
    """A copy of this repository with a history of its own."""

    def __init__(self, folder: Path) -> None:
        """Take an existing repository; `make` makes one."""
        self.folder = folder
        self.inside: list[str] = []  # a command that runs the rest of its words elsewhere

    @classmethod
    def make(cls, folder: Path, stages: Collection[str] | None = None) -> Self:
        """Copy this repository without its results, make it tiny and commit it.

        Args:
            folder: where to put it.
            stages: names of the stages to keep, by default all, with the notebooks `SHOWN`.
        """
        made = cls(folder)
        made._copy()
        if stages is None:
            made._execute_fewer()
        else:
            made._cut(stages)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("config", "user.name", "Tests")
        made.git("config", "user.email", "tests@example.org")
        made.commit("Start with tiny parameters")
        return made

    def results(self) -> dict[str, bytes]:
        """Return every file of data/ by its name, except those written by hand."""
        data = self.folder / "data"
        return {
            path.relative_to(data).as_posix(): path.read_bytes()
            for path in sorted(data.rglob("*"))
            if path.is_file() and "inputs" not in path.parts
        }

    def set(self, **values: Any) -> None:
        """Change values of params.yaml, with keys such as `section__name`."""
        path = self.folder / "params.yaml"
        sections = YAML().load(path)
        for key, value in values.items():
            section, _, name = key.partition("__")
            sections[section][name] = value
        YAML().dump(sections, path)

    def keep_in_cache(self, *files: str) -> None:
        """Move results from git to DVC's cache, as docs/remotes.md shows."""
        path = self.folder / "dvc.yaml"
        text = path.read_text(encoding="utf-8")
        for file in files:
            pattern = rf"(- {re.escape(file)}):\s+({{cache: false}}|cache: false)\n"
            text, count = re.subn(pattern, r"\1\n", text)
            assert count == 1, file
        path.write_text(text, encoding="utf-8")

    def copied(self, folder: Path) -> Self:
        """Return a copy, including history and cache."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return type(self)(folder)

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git and return its output."""
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def dvc(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run DVC with the virtual environment first on PATH."""
        return self.python("-m", "dvc", *words, **variables)

    def python(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run this interpreter in the repository, with environment variables of its own."""
        return subprocess.run(
            [*self.inside, sys.executable, *words],
            cwd=self.folder,
            env=environment(variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def _copy(self) -> None:
        listed = self.git("ls-files", "-co", "--exclude-standard", cwd=tiny.ROOT).split("\n")
        for name in listed:
            if name and (tiny.ROOT / name).is_file() and not name.startswith(("data/", "tests/")):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tiny.ROOT / name, self.folder / name)
        shutil.copytree(tiny.ROOT / "data/inputs", self.folder / "data/inputs")
        for lock in ("dvc.lock", "extra/dvc.lock"):
            (self.folder / lock).unlink(missing_ok=True)
        sections = parameters.read(self.folder / "params.yaml")
        sections |= {stage: tiny.section(stage, **CLAIMED.get(stage, {})) for stage in STAGES}
        for path in ("params.yaml", "data/inputs/chapter.yaml"):  # no experiment yet
            YAML().dump(sections, self.folder / path)
        asked = YAML(typ="safe", pure=True).load(self.folder / CLAIMS)
        YAML().dump({n: c for n, c in asked.items() if answered(c, sections)}, self.folder / CLAIMS)

    def _execute_fewer(self) -> None:
        for path in (self.folder / "dvc.yaml", self.folder / "extra/dvc.yaml"):
            pipeline = YAML().load(path)
            notebooks, report = (pipeline["stages"][name] for name in ("reporting", "report"))
            claims = pipeline["stages"].get("claims", {"outs": []})
            for name in {*notebooks["foreach"]} - SHOWN:
                ledger = notebooks["foreach"].pop(name)
                claims["outs"] = [out for out in claims["outs"] if ledger not in out]
                report["deps"].remove(f"data/reporting/{name}.ipynb")
            for name in (EXTRAS - SHOWN) & {*pipeline["stages"]}:  # run the code of those shown
                del pipeline["stages"][name]
                report["deps"].remove(f"data/{name}/median_seed.gif")
            YAML().dump(pipeline, path)

    def _cut(self, stages: Collection[str]) -> None:
        shutil.rmtree(self.folder / "extra")
        path = self.folder / "dvc.yaml"
        pipeline = YAML().load(path)["stages"]
        reporting = pipeline["reporting"]
        reporting["foreach"] = {
            notebook: ledger
            for notebook, ledger in reporting["foreach"].items()
            if f"reporting@{notebook}" in stages
        }
        if "claims" not in stages:  # notebooks show empty ledgers
            header = (tiny.ROOT / "data/claims/ledger.csv").read_text("utf-8").split("\n")[0]
            for ledger in reporting["foreach"].values():
                (self.folder / ledger).parent.mkdir(exist_ok=True)
                (self.folder / ledger).write_text(f"{header}\n", encoding="utf-8")
        left = {name: stage for name, stage in pipeline.items() if name in stages}
        YAML().dump(
            {"stages": left | ({"reporting": reporting} if reporting["foreach"] else {})}, path
        )


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables with the virtual environment first on PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    fixed = {"PATH": path, "COLUMNS": "200", "DVC_NO_ANALYTICS": "1"}
    return os.environ | fixed | dict(variables)
