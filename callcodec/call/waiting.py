"""Waiting that a person can end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unless(stop: asyncio.Event, waiting: Coroutine[Any, Any, T]) -> T | None:
    """What ``waiting`` comes to; when ``stop`` is set first, it is cancelled and the answer is None."""
    task, stopped = asyncio.create_task(waiting), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return None
    finally:
        stopped.cancel()
        task.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)
