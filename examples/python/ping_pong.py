"""Two daemon threads say ping and pong in turns until the program ends.

contend shows: two lanes that wait for each other's event and never run together; both end with the program.
"""

import threading

ROUNDS = 200


def player(word, mine, other, said, done):
    while True:
        mine.wait()
        mine.clear()
        said.append(word)
        if len(said) >= ROUNDS:
            done.set()
            return
        other.set()


if __name__ == "__main__":
    ping, pong, done, said = threading.Event(), threading.Event(), threading.Event(), []
    for word, mine, other in (("ping", ping, pong), ("pong", pong, ping)):
        threading.Thread(target=player, args=(word, mine, other, said, done), name=word, daemon=True).start()
    ping.set()
    done.wait()
    print(len(said), "words, in turns:", said == ["ping", "pong"] * (ROUNDS // 2))
