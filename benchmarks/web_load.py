"""The page under load: `python benchmarks/web_load.py`. Clients hide in covers of 256 x 256 gray values with a key file.

The clients are those of Locust (`pip install -c constraints.txt -e ".[load]"`), which keeps the times. One whose request meets
a full queue (429) waits and asks again, as a browser would be told to; the time of a stego is from the first attempt to its
last byte. Memory is that of the server and its workers together.

`--minutes 10` goes on for so long in place of a number of messages, says after each minute how much memory there is, and fails
where it grew by more than 5 % after the second minute. An answer of 400 or more that is no 429 fails it, as does a message that
was not hidden.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

try:
    from locust import FastHttpUser, task
    from locust.env import Environment
    from locust.exception import StopUser
except ImportError:
    sys.exit('web_load: Locust is missing; pip install -c constraints.txt -e ".[load]"')

import gevent
import numpy as np
import psutil
import requests
from urllib3 import encode_multipart_formdata

from ssgan import images
from ssgan.messages.keys import fresh_key

SIDE = 256
GROWTH = 0.05  # of memory, from the second minute to the last
WHOLE = "to the stego"  # the name of the time that a message takes


class Client(FastHttpUser):
    """One who hides, and takes the stego, and hides again."""

    forms: list[tuple[bytes, str]]  # bodies and their types
    own: dict[str, str]  # the headers of the page's own requests
    left: int
    until: float

    @task
    def hide(self) -> None:
        """A message, from the first attempt to the last byte of the stego."""
        kind = type(self)
        if kind.left <= 0 or time.monotonic() > kind.until:
            raise StopUser
        kind.left -= 1
        body, content = kind.forms[kind.left % len(kind.forms)]
        begun = time.perf_counter()
        while (job := self._begin(body, content)) is None:
            gevent.sleep(0.2)
        while (state := self._asked(f"/jobs/{job}", "/jobs/ID").json()["state"]) in ("waiting", "running"):
            gevent.sleep(0.05)
        got = self._asked(f"/jobs/{job}/files/stego.png", "/jobs/ID/files/stego.png") if state == "done" else None
        wrong = None if got is not None and got.status_code == 200 else RuntimeError(f"the job is {state}")
        taken = 1000 * (time.perf_counter() - begun)
        self.environment.events.request.fire(
            request_type="", name=WHOLE, response_time=taken, response_length=0, exception=wrong, context={}, response=None
        )

    def _begin(self, body: Any, content: str) -> str | None:
        headers = {**self.own, "content-type": content}
        with self.client.post("/hide", data=body, headers=headers, catch_response=True) as response:
            if response.status_code == 429:
                response.success()
                return None
            if response.status_code == 202:
                return str(response.json()["id"])
            response.failure(f"{response.status_code}: {response.text}")
            raise StopUser

    def _asked(self, path: str, name: str) -> Any:
        return self.client.get(path, headers=self.own, name=name)


def forms(count: int) -> list[tuple[bytes, str]]:
    """What a browser would send: PNG files, rough as photographs are, a message, and one key."""
    rng, key = np.random.default_rng(1), fresh_key().text().encode()
    made = []
    for number in range(count):
        smooth = np.cumsum(np.cumsum(rng.normal(size=(1, SIDE, SIDE)), axis=1), axis=2)
        scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 180 + 30
        cover = images.encode(np.clip(scaled + rng.normal(0, 3, scaled.shape), 0, 255).astype(np.uint8))
        fields: dict[str, Any] = {"message": f"message {number}", "cover": ("a.png", cover), "key_file": ("k", key)}
        made.append(encode_multipart_formdata(fields))
    return made


def memory(server: psutil.Process) -> int:
    """Bytes that a process and its children hold, shared pages counted once for each."""
    return sum(int(process.memory_info().rss) for process in (server, *server.children(recursive=True)))


def main() -> None:
    """Start a server, load it, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2000, help="messages in all")
    parser.add_argument("--minutes", type=float, help="for so long, whatever --requests says")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "ssgan", "serve", "--no-browser", "--json"]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            where = json.loads(server.stdout.readline())["address"]
            base = where.partition("/?")[0]
            with requests.Session() as opened:
                opened.get(where)
                page = opened.get(f"{base}/hide").text
                cookie = opened.cookies["ssgan"]
            print(f"first view after {time.perf_counter() - started:.2f} s")
            token = page.partition('n": "')[2].partition('"')[0]
            Client.own = {"accept": "application/json", "cookie": f"ssgan={cookie}", "x-ssgan-token": token}
            wrong = load(base, psutil.Process(server.pid), asked.clients, asked.requests, asked.minutes)
        finally:
            server.terminate()
    sys.exit("; ".join(wrong) or None)


def load(base: str, server: psutil.Process, clients: int, messages: int, minutes: float | None) -> list[str]:
    """All messages; prints the figures.

    Returns:
        What is not as it should be.
    """
    Client.host, Client.forms = base, forms(16)
    Client.left, Client.until = (10**9, time.monotonic() + 60 * minutes) if minutes else (messages, float("inf"))
    environment = Environment(user_classes=[Client])
    statuses = Counter[int]()

    @environment.events.request.add_listener
    def answered(response: Any = None, **_: Any) -> None:
        if response is not None:
            statuses[response.status_code] += 1

    runner = environment.create_local_runner()
    begun, marks = time.perf_counter(), list[int]()
    runner.start(clients, spawn_rate=clients)
    gevent.sleep(1)
    hidden = environment.stats.get(WHOLE, "")  # not before: what there is at the start is thrown away
    while runner.user_count:
        whole = (time.perf_counter() - begun) / 60 if minutes else hidden.num_requests / (messages // 4 or 1)
        if whole >= len(marks) + 1:
            marks.append(memory(server))
            each = f"{'minute' if minutes else 'quarter'} {len(marks)}"
            print(f"memory after {each}: {marks[-1] / 2**20:.0f} MiB, {hidden.num_requests} messages", flush=True)
        gevent.sleep(0.2)
    taken = time.perf_counter() - begun
    runner.quit()
    print(f"{hidden.num_requests} messages by {clients} clients in {taken:.0f} s, {hidden.num_requests / taken:.1f} a second")
    print(f"statuses {dict(sorted(statuses.items()))}, failures {environment.stats.total.num_failures}")
    middle, most = (hidden.get_response_time_percentile(part) / 1000 for part in (0.5, 0.95))
    print(f"time to the stego: median {middle:.2f} s, 95 % {most:.2f} s, worst {hidden.max_response_time / 1000:.2f} s")
    wrong = [f"{error.occurrences} x {error.name}: {error.error}" for error in environment.stats.errors.values()]
    if minutes and len(marks) > 2:
        growth = marks[-1] / marks[1] - 1
        print(f"from the second minute to the last: {growth:+.1%}")
        wrong += [f"memory grew by {growth:.1%}"] * (growth > GROWTH)
    return wrong


if __name__ == "__main__":
    main()
