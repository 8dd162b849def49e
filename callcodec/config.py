"""YAML files become frozen dataclasses here, and nowhere else: an unknown or a missing key is a clear error."""

import dataclasses
import types
import typing
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


class ConfigError(ValueError):
    """A configuration file that cannot be used; the message names the file, the key and what to do."""


def load_yaml(path: Path, cls: type[T]) -> T:
    """Read ``path`` into the frozen dataclass ``cls``. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    return from_mapping(values, cls, str(path))


def load_config(name: str, cls: type[T]) -> T:
    """Load ``name``, a path or the name of a shipped file such as ``calls/loopback``. Raises ConfigError."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, cls)
    return load_yaml(shipped_path(name), cls)


def shipped_path(name: str) -> Path:
    """Where the shipped configuration ``name`` (``folder/file`` without suffix) lies. Raises ConfigError."""
    path = Path(str(resources.files("configs"))) / f"{name}.yaml"
    if not path.is_file():
        folder = path.parent
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "none"
        raise ConfigError(f"there is no configuration {name!r}; {folder.name}/ has: {known}")
    return path


def from_mapping(values: object, cls: type[T], where: str) -> T:
    """Build the dataclass ``cls`` from plain YAML values, checking every key and type. Raises ConfigError."""
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass")
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: expected a mapping of keys to values, got {type(values).__name__}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    unknown = sorted(str(key) for key in values if key not in fields)
    if unknown:
        raise ConfigError(f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(fields)}")
    missing = [name for name, field in fields.items() if name not in values and _required(field)]
    if missing:
        raise ConfigError(f"{where}: missing key {', '.join(missing)}")
    converted = {name: _convert(value, hints[name], f"{where}: {name}") for name, value in values.items()}
    try:
        return cls(**converted)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _convert(value: object, kind: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _convert(value, next(a for a in arguments if a is not type(None)), where)
    if origin in (tuple, list, dict):
        return _convert_collection(value, origin, arguments, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_mapping(value, kind, where)
    return _convert_scalar(value, kind, where)


def _convert_collection(value: object, origin: type, arguments: tuple[Any, ...], where: str) -> Any:
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected a mapping")
        return {key: _convert(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if not isinstance(value, list):
        raise ConfigError(f"{where}: expected a list")
    any_length = origin is list or arguments[-1] is Ellipsis
    kinds = [arguments[0]] * len(value) if any_length else list(arguments)
    if len(kinds) != len(value):
        raise ConfigError(f"{where}: expected {len(kinds)} values, got {len(value)}")
    return origin(_convert(v, k, f"{where}[{i}]") for i, (v, k) in enumerate(zip(value, kinds, strict=True)))


def _convert_scalar(value: object, kind: Any, where: str) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    # YAML's true is an int to Python, and 8 is as good a float as 8.0.
    if isinstance(value, bool) == (kind is bool):
        if kind is float and isinstance(value, int):
            return float(value)
        if isinstance(kind, type) and isinstance(value, kind):
            return value
    raise ConfigError(f"{where}: expected {getattr(kind, '__name__', kind)}, got {value!r}")
