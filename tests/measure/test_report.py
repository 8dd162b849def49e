"""The report says what REPORT.md says it says."""

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import callcodec.measure
from callcodec.measure.report import ClassRates, Report

EVERY_RATE = {field.name for field in fields(ClassRates)}


def keys_of(record: Any, prefix: str = "") -> set[str]:
    """The dotted keys of a report's JSON; rates by class are described once."""
    keys = set()
    for name, kind in get_type_hints(record).items():
        inner = next((k for k in (kind, *get_args(kind)) if is_dataclass(k)), None)
        if inner is None or (inner is ClassRates and name != "sent_by_class_kbps"):
            keys.add(prefix + name)
        else:
            keys |= keys_of(inner, f"{prefix}{name}.")
    return keys


def test_every_key_is_described_and_every_description_has_its_key() -> None:
    page = (Path(callcodec.measure.__path__[0]) / "REPORT.md").read_text(encoding="utf-8")
    text, _, _ = page.partition("\n## ")
    described = re.findall(r"^\| `([a-z0-9_.]+)` \|", text, re.MULTILINE)
    assert len(described) == len(set(described))
    assert set(described) == keys_of(Report)


def check_schema(value: Any, kind: Any) -> None:
    """Whether parsed JSON has the types that the records announce."""
    if is_dataclass(kind):
        assert isinstance(value, dict)
        hints = get_type_hints(kind)
        assert set(value) == set(hints)
        for name, inner in hints.items():
            check_schema(value[name], inner)
    elif value is None:
        assert type(None) in get_args(kind)
    else:
        kinds = [k for k in (get_args(kind) or (kind,)) if is_dataclass(k)]
        if kinds:
            check_schema(value, kinds[0])


def check_report(path: Path) -> dict[str, Any]:
    """A written report, after its schema was checked."""
    report = json.loads(path.read_text(encoding="utf-8"))
    check_schema(report, Report)
    assert isinstance(report, dict)
    return report
