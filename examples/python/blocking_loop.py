"""Ten coroutines tick every 20 ms; one calls `time.sleep` and stops them all: `blocking_loop.py [--mended]`.

contend shows: a blocking call of 300 ms in the loop, named after its coroutine. With --mended the call runs in a
thread, and there is no finding.
"""

import asyncio
import sys
import time


async def tick(count):
    for _ in range(count):
        await asyncio.sleep(0.02)
    return count


async def report(mended):
    await asyncio.sleep(0.05)
    if mended:
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.3)
    else:
        time.sleep(0.3)


async def main():
    ticks = await asyncio.gather(*[tick(30) for _ in range(10)], report("--mended" in sys.argv))
    print(sum(ticks[:10]), "ticks")


if __name__ == "__main__":
    asyncio.run(main())
