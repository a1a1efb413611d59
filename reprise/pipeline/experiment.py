"""Parameters that differ from the chapter's.

`data/inputs/chapter.yaml` is params.yaml with which the committed results were made. A notebook, a
page or a ledger made with other values says so on top.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from reprise.pipeline import parameters
from reprise.pipeline.execution import SECTION

CHAPTER = Path("data/inputs/chapter.yaml")
PIPELINE = Path("dvc.yaml")


def changes(stages: Iterable[str] | None = None) -> list[str]:
    """Return some or all stages' changes, `dqn_training.activation = relu (chapter: elu)`."""
    here, chapter = parameters.read(), parameters.read(CHAPTER)
    names = {**chapter, **here} if stages is None else stages
    return [
        f"{key} = {parameters.shown(value, str)} (chapter: {parameters.shown(other, str)})"
        for name in names
        if name != SECTION  # decides how packs run, and no result
        for key, value, other in _differences(name, here.get(name), chapter.get(name))
    ]


def sources(stage: str) -> list[str]:
    """Return a stage and all stages that it depends on.

    >>> sources("approximate_q_learning")
    ['approximate_q_learning', 'dqn_training']
    """
    stages = YAML(typ="safe", pure=True).load(PIPELINE)["stages"]
    sections = parameters.read()
    found = [stage]
    for name in found:  # grows while it is read
        deps = stages.get(name, {}).get("deps", ())
        read = [dep.split("/")[1] for dep in deps if dep.startswith("data/")]
        read.append(sections.get(name, {}).get("stage"))  # which a study studies
        found += [s for s in dict.fromkeys(read) if s in stages and s not in found]
    return found


def _differences(key: str, value: Any, chapter: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, Mapping) and isinstance(chapter, Mapping):
        for name in {**chapter, **value}:
            yield from _differences(f"{key}.{name}", value.get(name), chapter.get(name))
    elif value != chapter:
        yield key, value, chapter
