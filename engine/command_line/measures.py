"""The commands that play cases and measure."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from dataclasses import asdict

from engine import bench as benchmarks
from engine import daemons, database, demo, errors, log, settings
from engine.command_line import printing
from engine.decisions import study_bench


def simulate(arguments: Namespace) -> None:
    """Drive cases of the demonstration through the public verbs, as staff would."""
    database.migrate()
    path = settings.current().processes_dir / "demo.yaml"
    with database.transaction() as connection:
        if not demo.exists(connection):
            raise errors.NotFound("campaign_missing")
    with daemons.log_file("simulate").open("a") as lines:
        log.configure("json", lines)
        ended = demo.play_more(path, arguments.visits, printing.progress)
    printing.tally("hồ sơ / cases", Counter(one.outcome for one in ended))


def bench(arguments: Namespace) -> None:
    """Measure the engine, in ratios against a floor of the same run, or the study of large decision tables."""
    if arguments.what == "tables":
        studied = list(study_bench.measured())
        print(
            json.dumps([asdict(one) for one in studied], indent=2)
            if arguments.json
            else study_bench.told(studied)
        )
        return
    report = benchmarks.engine(arguments.seconds)
    print(json.dumps(report, indent=2) if arguments.json else benchmarks.told(report))
