from __future__ import annotations

import csv
import io

from ssgan.experiments.records import Record, as_csv


def test_every_line_says_under_which_circumstances() -> None:
    about = ("table2", "retrained", "real", "real", "hill@0.4", "gncnn")
    made = [
        Record(*about, "P_E", None, 0.1234567, 0.5, 0.1, 0.2, 3, 100, "small"),
        Record(*about, "accuracy", 0.87, 1, None, None, None, 1, 9, "small"),
    ]
    first, second = csv.DictReader(io.StringIO(as_csv(made, {"device": "cpu", "commit": "abc"})))
    assert (first["ours"], first["published"], first["device"], first["commit"]) == ("0.123457", "", "cpu", "abc")
    assert (second["published"], second["spread"], second["seeds"]) == ("0.87", "", "1")
