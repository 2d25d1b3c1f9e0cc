# SPDX-License-Identifier: GPL-2.0
"""The Python module on a kernel with timelines, whose timeline 'lab' is kept on CLOCK_REALTIME,
as root. TAP. With nothing of Python that the module itself does not need."""
import errno
import os
import threading
import time

import timeline

COUNT = FAILED = 0


def check(good, name):
    """One result."""
    global COUNT, FAILED
    COUNT += 1
    FAILED += not good
    print("ok" if good else "not ok", COUNT, "-", name, flush=True)


def fails(error, function, *args):
    """Whether it raises OSError with that number."""
    try:
        function(*args)
    except OSError as caught:
        return caught.errno == error
    return False


with timeline.Timeline("lab") as lab:
    before = time.clock_gettime_ns(lab.clock_id)
    now = lab.read()
    check(before <= now.ns <= time.clock_gettime_ns(lab.clock_id), "the time is the clock's")
    check(now.status is timeline.Status.SYNCHRONIZED and now.earliest <= now.ns <= now.latest and
          0 < now.bound < 10 ** 9, "its bounds")
    check(lab.name == "lab" and lab.type is timeline.Type.UTC and not lab.steps, "what it is")
    at = lab.read().ns + 50 * 10 ** 6
    lab.sleep_until(at)
    check(lab.read().ns >= at, "sleep")
    at = lab.read().ns + 50 * 10 ** 6
    check(not timeline.Semaphore().acquire(lab, at) and lab.read().ns >= at, "semaphore")
    begin, raw = lab.mark(), time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    time.sleep(0.05)
    ns, err = lab.elapsed(begin, lab.mark())
    check(ns + err >= 50 * 10 ** 6 and
          ns - err <= time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - raw + 50 * 10 ** 6, "interval")
    lab.wait_good(10 ** 9, timeout=10)
    check(fails(errno.ETIMEDOUT, lab.wait_good, 0, 0.02), "wait until it is good")
    lab.bind()
    check(timeline.Timeline().id == lab.id, "bound")
    timeline.unbind()
    cond, items = timeline.Condition(), []

    def put():
        """After a while."""
        time.sleep(0.02)
        with cond:
            items.append(1)
            cond.notify()

    threading.Thread(target=put).start()
    with cond:
        check(cond.wait_for(lambda: items, lab, lab.read().ns + 60 * 10 ** 9), "condition variable")
    destroyer = threading.Timer(0.05, os.system, ["vbsctl timeline destroy lab"])
    destroyer.start()
    check(fails(errno.ENODEV, timeline.Semaphore().acquire, lab, lab.read().ns + 3600 * 10 ** 9),
          "a wait ends when the timeline is destroyed")
    destroyer.join()
    check(fails(errno.ENODEV, lab.read), "it was destroyed")
    check(fails(errno.ENOENT, timeline.Timeline, "lab"), "it is not found")
print(f"1..{COUNT}")
raise SystemExit(FAILED > 0)
