"""The tracer joins a program that runs already, leaves it, and joins it again."""

import os

import dump
import support

PROGRAM = """
    import os, queue, sys, threading, time
    from concurrent.futures import ThreadPoolExecutor

    sys.path.insert(0, %(tracer)r)
    early = threading.Lock()
    pool = ThreadPoolExecutor(1, thread_name_prefix="early")
    pool.submit(time.sleep, 0).result()
    plain = [threading.Lock, threading.Thread.start, ThreadPoolExecutor.submit, queue.Queue.__init__]
    turns = queue.Queue()
    def old():
        while turns.get():
            with box["lock"]:
                pass
            turns.task_done()
    box = {}
    thread = threading.Thread(target=old, name="old one")
    thread.start()

    def use():
        with early:
            with box["lock"]:
                pool.submit(len, "").result()
        turns.put(True)
        turns.join()

    from contend_trace import joining
    for directory in sys.argv[1:]:
        os.mkdir(directory)
        print(joining.join(directory, %(tracer)r))
        print(joining.join(directory, %(tracer)r))
        if not box:
            box["lock"] = threading.Lock()
        use()
        joining.leave()
        now = [threading.Lock, threading.Thread.start, ThreadPoolExecutor.submit, queue.Queue.__init__]
        print(now == plain)
        use()
    turns.put(False)
    thread.join()
    """


class Joining(support.ProgramTest):
    def test_tracer_is_joined_left_and_joined_again(self):
        directories = [os.path.join(self.directory, name) for name in ("first", "second", "third")]
        run = self.run_program(PROGRAM % dict(tracer=support.TRACER), *directories, traced=False)
        self.assertEqual((0, ""), (run.code, run.err))
        self.assertEqual(["joined", "busy", "True"] * 3, run.out.split())
        for directory in directories:
            trace = dump.Trace(directory)
            self.assertEqual([], trace.faults)
            self.assertEqual(["acquired", "released"] * 2, self.words(trace, "box[\"lock\"]"), directory)
            old = [lane for lane in trace.lanes.values() if lane["name"] == "old one"]
            self.assertEqual([(True, False)], [(lane["silent"], lane["daemon"]) for lane in old])
            self.assertEqual({"begin", "acquired", "released", "end"}, {
                dump.KINDS[event.kind] for event in trace.events if event.lane == old[0]["id"]})
            pools = [d["id"] for d in trace.objects.values() if (d["what"], d["name"]) == ("pool", "early")]
            self.assertEqual(1, len(pools))
            submitted = [event.arg for event in trace.events if dump.KINDS[event.kind] == "submit"]
            self.assertEqual(pools, submitted)
            self.assertEqual(1, len([e for e in trace.events if dump.KINDS[e.kind] == "task finish"]))


if __name__ == "__main__":
    support.unittest.main()
