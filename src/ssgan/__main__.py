"""`python -m ssgan`, and the `ssgan` command."""

from __future__ import annotations

import gc
import signal
import sys

from ssgan.storage import signals


def main() -> None:
    """Run the command line and leave with its exit code.

    130 or 143 where a signal ended it, at any moment; 141 where the reader of its output closed the pipe.
    """
    stop = signals.when_safe(signals.leave)
    # Where signals are ignored already, as by nohup, they stay so.
    numbers = [number for number in signals.SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, stop)
    # What is imported is not garbage: looking through it again and again took a seventh of the time of a short command.
    gc.set_threshold(100_000)
    try:
        from ssgan.cli import streams

        streams.guard()
        try:
            from ssgan.cli.app import run

            code = run(sys.argv[1:])
        finally:
            streams.release()
    except KeyboardInterrupt:  # before the command had begun
        code = 128 + signal.SIGINT
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)  # what comes while Python ends has nothing to interrupt
    sys.exit(code)


# Worker processes import this module by another name: they must not run the command again.
if __name__ == "__main__":
    main()
