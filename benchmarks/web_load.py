"""The page under load: `python benchmarks/web_load.py`. Clients hide in covers of 256 x 256 gray values with a key file.

A client whose request meets a full queue (429) waits and asks again, as a browser would be told to. A request's time is from
the first attempt to the finished stego. Memory is that of the server and its workers together.

`--minutes 10` goes on for so long in place of a number of requests, says after each minute how much memory there is, and fails
where it grew by more than 5 % after the second minute.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from ssgan import images
from ssgan.messages.keys import fresh_key

SIDE = 256
GROWTH = 0.05  # of memory, from the second minute to the last


def covers(count: int) -> list[bytes]:
    """PNG files, rough as photographs are."""
    rng = np.random.default_rng(1)
    made = []
    for _ in range(count):
        smooth = np.cumsum(np.cumsum(rng.normal(size=(1, SIDE, SIDE)), axis=1), axis=2)
        scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 180 + 30
        made.append(images.encode(np.clip(scaled + rng.normal(0, 3, scaled.shape), 0, 255).astype(np.uint8)))
    return made


def memory(process: int) -> int:
    """Bytes that a process and its children hold, shared pages counted once for each."""
    kinds = [kind for task in Path(f"/proc/{process}/task").iterdir() for kind in (task / "children").read_text().split()]
    own = next(int(line.split()[1]) for line in Path(f"/proc/{process}/status").read_text().splitlines() if "VmRSS" in line)
    return own * 1024 + sum(memory(int(kind)) for kind in kinds)


def main() -> None:
    """Start a server, load it, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--minutes", type=float, help="for so long, whatever --requests says")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "ssgan", "serve", "--no-browser", "--json"]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        where = json.loads(server.stdout.readline())["address"]
        base = where.partition("/?")[0]
        with httpx.Client() as client:
            client.get(where)
            cookie = client.cookies["ssgan"]
            page = client.get(f"{base}/hide").text
        print(f"first view after {time.perf_counter() - started:.2f} s")
        token = page.partition('n": "')[2].partition('"')[0]
        headers = {"accept": "application/json", "cookie": f"ssgan={cookie}", "x-ssgan-token": token}
        load = Load(base, headers, server.pid, asked.clients, asked.requests, asked.minutes)
        load.run()
        server.terminate()
    sys.exit(load.grew)


class Load:
    """Clients side by side, and what they met."""

    def __init__(
        self, base: str, headers: dict[str, str], process: int, clients: int, requests: int, minutes: float | None
    ) -> None:
        self.minutes, self.until, self.grew = minutes, float("inf"), False
        self.base, self.headers, self.process, self.clients, self.left = (
            base,
            headers,
            process,
            clients,
            10**9 if minutes else requests,
        )
        self.covers, self.key = covers(16), fresh_key().text().encode()
        self.lock, self.times, self.statuses = threading.Lock(), list[float](), Counter[int]()
        self.states = Counter[str]()

    def run(self) -> None:
        """All requests; then the figures, and whether memory `grew`."""
        threads = [threading.Thread(target=self._client) for _ in range(self.clients)]
        begun, every, marks = time.perf_counter(), self.left // 4 or 1, list[int]()
        if self.minutes:
            self.until = time.monotonic() + 60 * self.minutes
        for thread in threads:
            thread.start()
        each = "minute" if self.minutes else "quarter"
        while any(thread.is_alive() for thread in threads):
            whole = (time.perf_counter() - begun) / 60 if self.minutes else len(self.times) / every
            if whole >= len(marks) + 1:
                marks.append(memory(self.process))
                print(f"memory after {each} {len(marks)}: {marks[-1] / 2**20:.0f} MiB, {len(self.times)} requests", flush=True)
            time.sleep(0.2)
        taken = time.perf_counter() - begun
        times = np.array(self.times)
        print(f"{len(times)} requests by {self.clients} clients in {taken:.0f} s, {len(times) / taken:.1f} a second")
        failed = sum(count for status, count in self.statuses.items() if status >= 500)
        print(f"ends {dict(self.states)}, statuses {dict(self.statuses)}, 5xx {failed}")
        middle, most = np.median(times), np.quantile(times, 0.95)
        print(f"time to the stego: median {middle:.2f} s, 95 % {most:.2f} s, worst {times.max():.2f} s")
        if self.minutes and len(marks) > 2:
            growth = marks[-1] / marks[1] - 1
            self.grew = growth > GROWTH
            print(f"from the second minute to the last: {growth:+.1%}, {'more' if self.grew else 'not more'} than {GROWTH:.0%}")

    def _client(self) -> None:
        with httpx.Client(headers=self.headers, timeout=60) as client:
            while (number := self._next()) >= 0:
                begun = time.perf_counter()
                state = self._hide(client, number)
                with self.lock:
                    self.times.append(time.perf_counter() - begun)
                    self.states[state] += 1

    def _next(self) -> int:
        with self.lock:
            self.left -= 1
            return -1 if time.monotonic() > self.until else self.left

    def _hide(self, client: httpx.Client, number: int) -> str:
        files = {"cover": ("a.png", self.covers[number % len(self.covers)]), "key_file": ("k", self.key)}
        while True:
            told = client.post(f"{self.base}/hide", data={"message": f"message {number}"}, files=files)
            with self.lock:
                self.statuses[told.status_code] += 1
            if told.status_code != 429:
                break
            time.sleep(0.2)
        job = told.json()["id"]
        while True:
            found = client.get(f"{self.base}/jobs/{job}").json()
            if found["state"] not in ("waiting", "running"):
                break
            time.sleep(0.05)
        if found["state"] == "done":
            client.get(f"{self.base}/jobs/{job}/files/stego.png").raise_for_status()
        return str(found["state"])


if __name__ == "__main__":
    main()
