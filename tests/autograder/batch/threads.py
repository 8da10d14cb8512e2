"""Threads of this process as workers, for tests of whoever hands out the work."""

from concurrent.futures import ThreadPoolExecutor

from xailab_autograder.batch.workers import Workers


class Threads(Workers):
    def __init__(self, slots):
        self._slots, self._pool = slots, ThreadPoolExecutor(slots)

    @property
    def slots(self):
        return self._slots

    def submit(self, fn, /, *args, **kwargs):
        return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)
