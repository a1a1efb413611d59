"""From a section of params.yaml to a frozen typed model; every bad value is one clear line.

params.yaml is read as YAML 1.2, where `1e-05` is a number and `yes` is text. What is allowed is
read off the model's own schema, so that a message and the check behind it cannot part ways.

What DVC does not see must decide nothing. DVC ignores the order of a mapping's keys: a section's
mappings are read in the natural order of their names. Its run-cache ignores some names: they are
refused.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node

from reprise.errors import UserError, closest

PARAMETERS = Path("params.yaml")
UNSEEN = ("size", "nfiles")
"""The keys that DVC's run-cache ignores wherever they stand (`dvc.stage.cache._get_cache_hash`)."""
LARGEST = 2**63 - 1  # integer; nothing here counts further

P = TypeVar("P", bound=BaseModel)
Schema = Mapping[str, Any]

_UNKNOWN = {"extra_forbidden", "invalid_key"}


class ParameterError(UserError, ValueError):
    """A parameter that is missing, misspelt or not allowed; the message is one line."""


def load(section: str, model: type[P], path: Path = PARAMETERS) -> P:
    """Return a section of the parameters file as a model.

    Args:
        section: the section's name, which is its stage's name.
        model: the frozen model whose fields are the section's keys. If it reads another section
            too, its static method `borrowed` returns, from its own section, the other's name and
            model by the field that holds it.
        path: the parameters file.

    Raises:
        ParameterError: names the key, its value and what is allowed.
    """
    sections = read(path)
    values = _section(sections, section, path)
    if isinstance(values, dict) and hasattr(model, "borrowed"):
        others = model.borrowed(values)  # pyright: ignore[reportAttributeAccessIssue]
        values = values | {
            field: checked(_section(sections, name, path), name, other)
            for field, (name, other) in others.items()
        }
    return checked(values, section, model)


def _section(sections: Mapping[str, Any], name: str, path: Path) -> Any:
    if name not in sections:
        close = closest(name, sections)
        hint = f"did you mean {close}?" if close else f"it has {_listed(sections)}"
        raise ParameterError(f"{path} has no section {name}; {hint}")
    for key in _unseen({name: sections[name]}):
        *outer, last = key.split(".")
        instead = "any other name"
        if outer[-1:] == ["kwargs"]:
            instead = f"as a list, {'.'.join(outer)}: [{{name: {last}, value: ...}}]"
        raise ParameterError(
            f"{key} is not allowed: DVC's run-cache ignores keys named {' and '.join(UNSEEN)}, and "
            f"would take a changed value for the old one; allowed: {instead}"
        )
    return sections[name]


def _unseen(value: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted name of each key that DVC's run-cache ignores."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in UNSEEN:
                yield ".".join((*path, key))
            yield from _unseen(inner, (*path, str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unseen(item, (*path, str(place)))


def ordered(value: Any) -> Any:
    """Return a value whose mappings are in the natural order of their names, however deep.

    >>> ordered({"rate_0_03": 1, "buffer_10": {"b": 2, "a": 3}, "rate_0_1": 4, "buffer_9": 5})
    {'buffer_9': 5, 'buffer_10': {'a': 3, 'b': 2}, 'rate_0_03': 1, 'rate_0_1': 4}
    """
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=_natural)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def _natural(name: object) -> tuple[list[str | float], str]:
    """Return by what a name is sorted: numbers in it count by value, 0_03 as 0.03."""
    parts = re.split(r"(0_\d+|\d+)", str(name))  # text and number in turn
    valued = [float(p.replace("_", ".")) if n % 2 else p for n, p in enumerate(parts)]
    return valued, str(name)


def checked(values: object, section: str, model: type[P]) -> P:
    """Return values as a model.

    >>> from reprise.hyperparameters import Recorded
    >>> checked({"iterations": 10, "record_every": 5}, "td_learning", Recorded)
    Recorded(iterations=10, record_every=5)

    Args:
        values: as YAML has them.
        section: the name of the mapping they are, with which each fault's key begins.
        model: the frozen model whose fields are the mapping's keys.

    Raises:
        ParameterError: names the key, its value and what is allowed.
    """
    if not isinstance(values, dict):
        keys = _listed(model.model_fields)
        raise ParameterError(f"{section} is {_shown(values)}; allowed: a mapping of {keys}")
    for key, value in _integers(values, section):
        if abs(value) > LARGEST:
            raise ParameterError(
                f"{key} is {_shown(value)}; allowed: an integer of at most {LARGEST}"
            )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = _faults(error, section, model.model_json_schema())
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise ParameterError(" ".join(f"{faults[0]}{more}".split())) from None


def read(path: Path = PARAMETERS) -> dict[str, Any]:
    """Return the parameters file as YAML has it: sections by name, unchecked, each `ordered`.

    Raises:
        ParameterError: if there is no such file, or it is not a YAML mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        where = "the repository's root has it, run from there"
        raise ParameterError(f"{path} does not exist; {where}") from None
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path} is not YAML: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}") from None
    try:
        sections = YAML(typ="safe", pure=True).load(text)
        if isinstance(sections, dict):
            sections = {name: ordered(section) for name, section in sections.items()}
    except DuplicateKeyError:
        key, line = next(_duplicates(YAML(typ="safe", pure=True).compose(text)))
        raise ParameterError(f"{path}, line {line}: {key} is there twice") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ParameterError(f"{path} is not YAML: {_problem(error)}") from None
    if sections is None:
        raise ParameterError(f"{path} is empty; allowed: a mapping with a section for each stage")
    if not isinstance(sections, dict):
        allowed = "a mapping with a section for each stage"
        raise ParameterError(f"{path} holds {_shown(sections)}; allowed: {allowed}")
    return sections


def _integers(values: Any, key: str) -> Iterator[tuple[str, int]]:
    """Yield all integers in nested values, each with its dotted name."""
    if isinstance(values, Mapping):
        for name, inner in values.items():
            yield from _integers(inner, f"{key}.{name}")
    elif isinstance(values, list | tuple):
        for place, inner in enumerate(values):
            yield from _integers(inner, f"{key}.{place}")
    elif isinstance(values, int):
        yield key, values


def _faults(error: ValidationError, section: str, root: Schema) -> list[str]:
    """Return one fault per key; an unknown key comes first and stands for the one it misspells."""
    details = error.errors(include_url=False)
    missing = [detail["loc"] for detail in details if detail["type"] == "missing"]
    unknown, wrong = [], {}
    for loc in [detail["loc"] for detail in details if detail["type"] in _UNKNOWN]:
        known = _walk(loc[:-1], root)[1].get("properties", {})
        meant = closest(loc[-1], [key[-1] for key in missing if key[:-1] == loc[:-1]])
        if meant:
            missing.remove((*loc[:-1], meant))
        meant = meant or closest(loc[-1], known)
        hint = f"did you mean {meant}?" if meant else f"known are {_listed(known)}"
        unknown.append(f"{'.'.join(map(str, (section, *loc)))} is unknown; {hint}")
    for detail in details:
        if detail["type"] not in _UNKNOWN and (
            detail["type"] != "missing" or detail["loc"] in missing
        ):
            path, schema = _walk(detail["loc"], root)
            key = ".".join((section, *path))
            wrong.setdefault(key, f"{key}{_said(detail, schema, root)}")
    return unknown + list(wrong.values())


def _said(detail: Mapping[str, Any], schema: Schema, root: Schema) -> str:
    """Return what to say of a key: its value, what is allowed, and the closest choice."""
    if detail["type"] in {"value_error", "assertion_error"}:
        # Of a model: its text begins with the name of one of the model's keys.
        return f".{detail['ctx']['error']}" if not detail["loc"] else f": {detail['ctx']['error']}"
    allowed = _described(schema, root)
    if detail["type"] == "missing":
        return f" is missing; allowed: {allowed}"
    value = detail["input"]
    if isinstance(value, float) and not math.isfinite(value):
        allowed = allowed.replace("a number", "a finite number")
    close = isinstance(value, str) and closest(value, schema.get("enum", []))
    return f" is {_shown(value)}; allowed: {allowed}" + (
        f"; did you mean {close}?" if close else ""
    )


def _walk(loc: Iterable[int | str], root: Schema) -> tuple[list[str], Schema]:
    """Return the keys on the way to a place, and the schema there; branches of a union are one."""
    path, schema = [], root
    for part in loc:
        schema = _resolved(schema, root)
        branches = [_resolved(branch, root) for branch in schema.get("anyOf", [schema])]
        if not (inner := next(filter(None, (_inside(branch, part) for branch in branches)), None)):
            break
        path.append(str(part))
        schema = inner
    return path, _resolved(schema, root)


def _inside(schema: Schema, part: int | str) -> Schema | None:
    """Return the schema of a mapping's key or a list's item, if it has one."""
    if isinstance(part, int):
        return schema.get("items")
    return schema.get("properties", {}).get(part) or schema.get("additionalProperties") or None


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Return the schema that a reference stands for."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _described(schema: Schema, root: Schema) -> str:
    """Return in words what a schema allows."""
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_described(_resolved(branch, root), root) for branch in branches)
    if choices := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return ("one of " if len(choices) > 1 else "") + _listed(choices)
    match schema.get("type"):
        case "integer":
            return f"an integer{_bounds(schema)}"
        case "number":
            return f"a number{_bounds(schema)}"
        case "boolean":
            return "true or false"
        case "string":
            return "text" if "minLength" not in schema else "text that is not empty"
        case "null":
            return "null"
        case "array":
            items = _described(_resolved(schema.get("items", {}), root), root)
            least = "" if "minItems" not in schema else f" of at least {schema['minItems']}"
            return f"a list{least}, each {items}"
        case "object" if "properties" in schema:
            return f"a mapping of {_listed(schema['properties'])}"
        case "object":
            return "a mapping"
        case _:
            return "any value"


def _bounds(schema: Schema) -> str:
    """Return the range of a number in words, such as ` from 0 to 1`."""
    if "minimum" in schema and "maximum" in schema:
        bounds = [f"from {schema['minimum']:.12g} to {schema['maximum']:.12g}"]
    else:
        words = {
            "minimum": "at least",
            "exclusiveMinimum": "above",
            "maximum": "at most",
            "exclusiveMaximum": "below",
        }
        bounds = [f"{word} {schema[key]:.12g}" for key, word in words.items() if key in schema]
    if "multipleOf" in schema:
        bounds.append(f"a multiple of {schema['multipleOf']:.12g}")
    return f" {' and '.join(bounds)}" if bounds else ""


def _shown(value: object) -> str:
    """Return a value as YAML would write it, cut if long."""
    match value:
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case float() if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        case list() | tuple():
            text = f"[{', '.join(map(_shown, value))}]"
        case dict():
            text = f"{{{', '.join(f'{key}: {_shown(inner)}' for key, inner in value.items())}}}"
        case int() if abs(value) > 10**60:  # Python writes no more than some thousand digits
            text = f"{'-' * (value < 0)}10^{int(math.log10(abs(value)))}"
        case _:
            text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(names: Iterable[object]) -> str:
    return ", ".join(_shown(name) if name is None else str(name) for name in names) or "nothing"


def _duplicates(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Yield the dotted name and the line of each key that its mapping already has."""
    if not isinstance(node, MappingNode):
        return
    seen = set()
    for key, value in node.value:
        name = (*path, str(key.value))
        if name in seen:
            yield ".".join(name), key.start_mark.line + 1
        seen.add(name)
        yield from _duplicates(value, name)


def _problem(error: Exception) -> str:
    """Return what YAML finds wrong, on one line."""
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        line = error.problem_mark.line + 1
        return f"line {line}: {' '.join(str(error.problem).split())}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(getattr(error, "reason", error)).split())
