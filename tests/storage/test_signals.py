from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.storage.signals import SIGNALS, defer_signals, not_for_children, redeliver
from tests.processes import begun


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_while_it_is_held_and_delivered_afterwards(number: signal.Signals) -> None:
    came: list[int] = []
    before = signal.signal(number, lambda n, _: came.append(n))
    try:
        with defer_signals() as interruption:
            signal.raise_signal(number)
            assert interruption.number == number
            assert not came
            signal.raise_signal(number)  # a second one is not held
            assert came == [number]
        redeliver(interruption.number)
        assert came == [number, number]
    finally:
        signal.signal(number, before)


def test_what_was_before_is_there_again() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with defer_signals():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_another_thread_has_no_signals_to_hold() -> None:
    numbers: list[int] = []

    def work() -> None:
        with defer_signals() as interruption:
            numbers.append(interruption.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert numbers == [0]


# Moments at which an exception is swallowed, each in a fork of one program, where `stop` is the handler of the command line.
MOMENTS = """
import importlib, os, signal, sys, time, weakref
import llvmlite.binding as llvm

set_object_cache, wanted = llvm.ExecutionEngine.set_object_cache, None

def set_calling(engine, *functions):
    def calling(number, real):
        return lambda *given: (wanted == number and send(), real(*given))[1]
    set_object_cache(engine, *(calling(number, real) for number, real in enumerate(functions)))

llvm.ExecutionEngine.set_object_cache = set_calling  # before numba takes it
from numba.core import event
from ssgan.storage import signals as interruption
from ssgan.compute.compiled import compiled

number = int(sys.argv[1])
signals_left = 0

def send():
    global signals_left
    while signals_left:
        signals_left -= 1
        signal.raise_signal(number)

def compile_one():
    def loop(n):
        total = 0
        for k in range(n):
            total += k * n
        return total
    compiled(loop)(3)

class AtStart(event.Listener):
    def __init__(self, wanted):
        self.wanted = wanted
    def on_start(self, event):
        if self.wanted in event.data["name"]:
            send()
    def on_end(self, event):
        pass

def in_pass(name):
    event.register("numba:run_pass", AtStart(name))
    compile_one()

def in_callback(which):
    global wanted
    wanted = which
    compile_one()

class Last:
    def __del__(self):
        send()

def in_finalizer():
    Last()

def in_weak_reference():
    one = type("One", (), {})()
    weakref.finalize(one, send)
    del one

def in_import():
    importlib.import_module("sends_a_signal")

def plainly():
    send()

moments = {
    "the first pass": lambda: in_pass("translate_bytecode"), "type inference": lambda: in_pass("type_inference"),
    "lowering": lambda: in_pass("lowering"),
    "a compiled object": lambda: in_callback(0), "a cached object": lambda: in_callback(1),
    "a finalizer": in_finalizer, "a weak reference": in_weak_reference, "an import": in_import, "nothing": plainly,
}
for name, moment in moments.items():
    child = os.fork()
    if not child:
        os.environ["XDG_CACHE_HOME"] += f"/{name}"
        signals_left = int(sys.argv[2])
        for each in interruption.SIGNALS:
            signal.signal(each, interruption.when_safe(interruption.leave))
        code = 0
        try:
            moment()
            time.sleep(5)  # where it is sent again
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        except SystemExit as end:
            code = end.code
        os._exit(code)
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sep=";", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_a_signal_is_delivered_whatever_it_interrupts(tmp_path: Path, number: signal.Signals, times: int) -> None:
    """Once, and twice in a row, as `timeout` and an impatient user send it."""
    (tmp_path / "program.py").write_text(MOMENTS)
    (tmp_path / "sends_a_signal.py").write_text("import __main__\n__main__.send()\n")
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    made = subprocess.run(
        [sys.executable, str(tmp_path / "program.py"), str(int(number)), str(times)],
        capture_output=True, text=True, env=environment, check=False, timeout=300,
    )  # fmt: skip
    assert made.stderr == ""
    codes = {name: int(code) for name, code in (line.split(";") for line in made.stdout.splitlines())}
    assert len(codes) == 9
    assert set(codes.values()) == {128 + number}, codes


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "compiled"), [(signal.SIGTERM, 1), (signal.SIGINT, 3)])
def test_the_first_compilation_can_be_interrupted(tmp_path: Path, number: signal.Signals, compiled: int) -> None:
    """With an empty cache `hide` compiles for half a minute: a signal after the first loops, within the next one."""
    images.write(tmp_path / "cover.png", np.random.default_rng(1).integers(60, 200, (1, 48, 48), dtype=np.uint8))
    command = [sys.executable, "-m", "ssgan"]
    subprocess.run([*command, "keygen", "-o", "our.key"], cwd=tmp_path, capture_output=True, check=True)
    command += ["hide", "cover.png", "-m", "hi", "-o", "stego.png", "--key-file", "our.key", "--no-ledger", "--no-risk"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    with begun(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        while len(list(tmp_path.glob("cache/**/*.nbi"))) < compiled and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "ignored" not in err
    assert out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "cover.png", "our.key"}


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals of POSIX")
def test_children_get_no_interrupt_before_their_first_line() -> None:
    program = "import signal; signal.raise_signal(signal.SIGINT); print('on')"
    with not_for_children():
        made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert made.stdout == "on\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
