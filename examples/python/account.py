"""Ten workers deposit into one account, with and without a lock: 100 against fewer.

contend shows: one lock, `Account.lock`, held by one worker while the others queue for it, 100 acquisitions; without
the lock the workers never wait and updates are lost.
"""

import sys
import threading
import time


class Account:
    def __init__(self):
        self.balance = 0
        self.lock = threading.Lock()

    def deposit(self):
        before = self.balance
        time.sleep(0.002)
        self.balance = before + 1


def work(account, locked):
    for _ in range(10):
        if locked:
            with account.lock:
                account.deposit()
        else:
            account.deposit()


def run(locked):
    account = Account()
    workers = [threading.Thread(target=work, args=(account, locked)) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return account.balance


if __name__ == "__main__":
    if "--unlocked-only" not in sys.argv:
        print("with a lock:", run(locked=True))
    lost = 100 - run(locked=False)
    print("without a lock, updates are lost:", lost > 0)
