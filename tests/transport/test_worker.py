"""Work beside the event loop: its end is told on the loop, and a call that is over begins nothing more."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from callcodec.transport.worker import ThreadWorker


def run(close_first: bool) -> list[int]:
    done: list[int] = []

    async def call() -> None:
        with ThreadPoolExecutor(1) as executor:
            worker = ThreadWorker(asyncio.get_running_loop(), executor, lambda _: done.append(-1))
            if close_first:
                worker.close()
            worker.submit(lambda: 1, done.append)
            await asyncio.sleep(0.05)
        worker.close()
        worker.submit(lambda: 2, done.append)  # the executor is gone by now
        await asyncio.sleep(0.01)

    asyncio.run(call())
    return done


def test_work_is_done_and_told_until_the_call_is_over() -> None:
    assert run(close_first=False) == [1]


def test_nothing_is_begun_after_the_end_of_the_call() -> None:
    assert run(close_first=True) == []
