# SPDX-License-Identifier: GPL-2.0
"""The Python module over a library of the tests' own, whose timeline 'lab' stands still at
1000 s -20 +30 ns and whose timers run on CLOCK_MONOTONIC (tests/fake_system.c)."""
import errno
import gc
import os
import signal
import threading
import time
import unittest

import timeline


class Read(unittest.TestCase):
    def setUp(self):
        self.lab = timeline.Timeline("lab")

    def tearDown(self):
        self.lab.close()

    def fails(self, error, function, *args):
        with self.assertRaises(OSError) as caught:
            function(*args)
        self.assertEqual(caught.exception.errno, error)

    def test_what_it_is(self):
        self.assertEqual((self.lab.name, self.lab.id, self.lab.clock_id), ("lab", 3, 35))
        self.assertIs(self.lab.type, timeline.Type.UTC)
        self.assertFalse(self.lab.steps)
        self.assertEqual(timeline.Timeline(3).name, "lab")

    def test_reading(self):
        now = self.lab.read()
        self.assertEqual(now.ns, 1000 * 10 ** 9)
        self.assertEqual((now.err_low, now.err_high, now.bound), (22, 32, 32))
        self.assertEqual((now.earliest, now.latest), (now.ns - 22, now.ns + 32))
        self.assertIs(now.status, timeline.Status.SYNCHRONIZED)
        self.assertTrue(now.good(32))
        self.assertFalse(now.good(31))
        none = now._replace(err_low=None)
        self.assertIsNone(none.bound)
        self.assertIsNone(none.earliest)
        self.assertFalse(none.good(2 ** 64))

    def test_what_is_not_there(self):
        for name in "lub", "", "x" * 100, 4, 32, 2 ** 40, -1:
            self.fails(errno.ENOENT, timeline.Timeline, name)
        self.fails(errno.ENOENT, timeline.Timeline)

    def test_closed(self):
        self.lab.close()
        self.lab.close()
        self.assertRaises(ValueError, self.lab.read)

    def test_binding(self):
        self.lab.bind()
        self.assertEqual(timeline.Timeline().id, 3)
        timeline.unbind()
        self.fails(errno.ENOENT, timeline.Timeline)

    def test_interval(self):
        begin = self.lab.mark()
        self.assertEqual(self.lab.elapsed(begin, self.lab.mark()), (0, 2))
        later = timeline.Mark(begin.counter + 2 * 10 ** 9, begin.disruption)
        ns, err = self.lab.elapsed(begin, later)
        self.assertAlmostEqual(ns, 2 * 10 ** 9, delta=2)
        self.assertAlmostEqual(err, 2000, delta=4)
        self.fails(errno.ESTALE, self.lab.elapsed, begin, timeline.Mark(1, begin.disruption + 1))

    def test_waiting_until_it_is_good(self):
        self.lab.wait_good(32)
        self.lab.wait_good(32, timeout=0)
        self.fails(errno.ETIMEDOUT, self.lab.wait_good, 31, 0)
        self.fails(errno.ETIMEDOUT, self.lab.wait_good, 31, 0.02)
        os.close(self.lab.watch(31))

    def test_sleep(self):
        end = time.monotonic_ns() + 20 * 10 ** 6
        self.lab.sleep_until(end)
        self.assertGreaterEqual(time.monotonic_ns(), end)
        self.lab.sleep_until(-2 ** 70)


class Wait(unittest.TestCase):
    def setUp(self):
        self.lab = timeline.Timeline("lab")

    def soon(self, ms=20):
        return time.monotonic_ns() + ms * 10 ** 6

    def test_semaphore(self):
        sem = timeline.Semaphore(1)
        self.assertTrue(sem.acquire())
        end = self.soon()
        self.assertFalse(sem.acquire(self.lab, end))
        self.assertGreaterEqual(time.monotonic_ns(), end)
        threading.Timer(0.02, sem.release).start()
        self.assertTrue(sem.acquire(self.lab, self.soon(60000)))

    def test_signals_do_not_end_a_wait(self):
        calls = []
        signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        end = self.soon(50)
        self.assertFalse(timeline.Semaphore().acquire(self.lab, end))
        self.assertGreaterEqual(time.monotonic_ns(), end)
        self.assertEqual(calls, [1])

    def test_a_handler_can_raise(self):
        def handler(*_):
            raise KeyboardInterrupt
        cond = timeline.Condition()
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with cond:
            with self.assertRaises(KeyboardInterrupt):
                cond.wait()
            # It holds the lock again, and nobody waits
            self.assertFalse(cond.acquire(False))
            self.assertFalse(cond.wait(self.lab, self.soon()))

    def test_condition(self):
        cond, items, got = timeline.Condition(), [], []

        def take():
            with cond:
                if cond.wait_for(lambda: items, self.lab, self.soon(60000)):
                    got.append(items.pop())

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(4):
            with cond:
                items.append(i)
                cond.notify()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(got), [0, 1, 2, 3])
        with cond:
            self.assertFalse(cond.wait_for(lambda: False, self.lab, self.soon()))
            cond.notify_all()

    def test_nothing_is_left_open(self):
        def files():
            return len(os.listdir("/proc/self/fd"))
        before = files()
        for _ in range(50):
            with timeline.Timeline("lab") as lab:
                timeline.Semaphore().acquire(lab, 0)
        gc.collect()
        # The kernel of the tests keeps one
        self.assertLessEqual(files(), before + 1)


class Tap(unittest.TextTestResult):
    """As TAP."""
    count = 0

    def _line(self, word, test):
        Tap.count += 1
        print(f"{word} {Tap.count} - {test.id().split('.', 1)[1]}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addFailure(self, test, err):
        self._line("not ok", test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self._line("not ok", test)
        super().addError(test, err)


if __name__ == "__main__":
    program = unittest.main(testRunner=unittest.TextTestRunner(resultclass=Tap), exit=False)
    print(f"1..{Tap.count}")
    raise SystemExit(not program.result.wasSuccessful())
