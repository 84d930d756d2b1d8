"""Subscribes to the reports of plugins, so that none is lost."""

import threading
import time

from contend_cluster.local import READY_SECONDS

ECHO = "contend"  # sender of the messages that show that the subscription is there
ECHO_SECONDS = 0.01


def subscribe(client, topic, take):
    """Calls `take(message)` for each message of a topic from now on.

    The subscription takes another way to the scheduler than later requests, and what is reported before it arrives is
    lost. So this waits until a message of its own comes back. Raises `TimeoutError` if none does.
    """
    is_heard = threading.Event()

    def handle(event):
        _, message = event
        if message.get("who") == ECHO:
            is_heard.set()
        else:
            take(message)

    client.subscribe_topic(topic, handle)
    deadline = time.monotonic() + READY_SECONDS
    while not is_heard.wait(ECHO_SECONDS):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the scheduler sent no event within {READY_SECONDS} s of the subscription")
        client.log_event(topic, {"who": ECHO})
