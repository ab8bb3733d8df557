"""Waiting for a condition instead of for a time."""
import time


def wait_for(condition, timeout, what, interval=0.02):
    """Calls condition() until it gives something true, and returns that.

    what names the thing waited for; a string, or a function called for the
    message only. The pause between tries grows from interval to half a second.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TimeoutError(f'waited {timeout:g} s for {what() if callable(what) else what}')
        time.sleep(interval)
        interval = min(interval * 1.3, 0.5)
