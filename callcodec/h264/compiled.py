"""Numba, typed: one decorator, and whether the machine code is there already."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

integer = cast(Callable[[Any], int], np.int64)
"""Widen a sample or a small integer: in Numba, arithmetic of unsigned ones stays unsigned and wraps."""

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call and keep the machine code on disk for later processes."""
    try:
        return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # no folder to keep machine code in can be written
        return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether an earlier process has left machine code for the present source of ``function``."""
    cache = getattr(getattr(function, "_cache", None), "_cache_file", None)
    try:
        return bool(cache._load_index()) if cache is not None else False
    except (AttributeError, OSError):
        return False
