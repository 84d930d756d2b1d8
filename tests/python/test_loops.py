"""asyncio: steps, waits of tasks, blocking calls."""

import support

PROGRAM = """
    import asyncio, time
    async def work(lock, items, number):
        async with lock:
            await asyncio.sleep(0.001)
        await items.put(number)
    async def stall():
        time.sleep(0.1)
    async def main():
        lock, items, event, permits = asyncio.Lock(), asyncio.Queue(1), asyncio.Event(), asyncio.Semaphore(1)
        tasks = [asyncio.ensure_future(work(lock, items, n)) for n in range(3)]
        print(sorted([await items.get() for _ in range(3)]))
        await asyncio.gather(*tasks, stall())
        async with permits:
            asyncio.get_running_loop().call_soon(event.set)
        await event.wait()
        print(await asyncio.get_running_loop().run_in_executor(None, len, "abc"))
        try:
            await asyncio.wait_for(items.get(), 0.01)
        except asyncio.TimeoutError:
            print("TimeoutError")
    asyncio.run(main())
    """


class Loops(support.ProgramTest):
    def test_waits_belong_to_tasks_and_blocking_calls_are_found(self):
        trace = self.same(PROGRAM).trace
        words = self.words(trace, "lock")
        self.assertEqual((3, 2, 3), tuple(map(words.count, ("acquired", "wait", "released"))))
        self.assertTrue(all(e.flags & 8 for e in trace.events if e.obj in trace.named("lock")))
        words = self.words(trace, "items")
        self.assertEqual((3, 3, 1), tuple(map(words.count, ("put", "got", "queue gave up"))))
        (blocking,) = [e for e in trace.events if e.kind == 92 and e.arg >= 100000000]
        self.assertEqual("stall", trace.objects[blocking.obj]["fn"])
        steps = [e for e in trace.events if e.kind in (90, 91) and e.obj == blocking.obj]
        self.assertEqual([90, 91], [e.kind for e in steps])
        self.assertIn("event set", self.words(trace, "event"))
        self.assertEqual(1, sum(e.kind == 32 for e in trace.events))


if __name__ == "__main__":
    support.unittest.main()
