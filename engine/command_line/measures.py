"""The commands that play cases and measure."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from engine import bench as benchmarks
from engine import clock, daemons, database, demo, errors, log, settings
from engine.command_line import decision_files, inputs, printing
from engine.decisions import evaluation_bench
from engine.decisions.verification import study_bench


def simulate(arguments: Namespace) -> None:
    """Drive cases of the demonstration through the public verbs, as staff would."""
    database.migrate()
    path = settings.current().processes_dir / "demo.yaml"
    with database.transaction() as connection:
        if not demo.exists(connection):
            raise errors.NotFound("campaign_missing")
    with daemons.log_file("simulate").open("a") as lines, log.configured("json", lines):
        ended = demo.play_more(path, arguments.visits, printing.progress)
    printing.tally("hồ sơ / cases", Counter(one.outcome for one in ended))


def bench(arguments: Namespace) -> None:
    """Measure, in ratios against a floor of the same run: the engine, decisions, or the study of large tables."""
    report, told = _MEASURES[arguments.what](arguments)
    print(json.dumps(report, indent=2) if arguments.json else told)


def _engine(arguments: Namespace) -> tuple[object, str]:
    report = benchmarks.engine(arguments.seconds)
    return report, benchmarks.told(report)


def _tables(arguments: Namespace) -> tuple[object, str]:
    studied = list(study_bench.measured())
    return [asdict(one) for one in studied], study_bench.told(studied)


def _decisions(arguments: Namespace) -> tuple[object, str]:
    report = evaluation_bench.measured(arguments.seconds, _graph(arguments))
    return report, evaluation_bench.told(report)


def _graph(arguments: Namespace) -> evaluation_bench.Graph | None:
    """The decision asked for, read anew each time."""
    if not arguments.file:
        return None
    given, at = inputs.read(arguments.input, "--input"), clock.now()

    def found() -> decision_files.Found:
        source = decision_files.read(Path(arguments.file), None, at)
        return decision_files.find(source, arguments.decision or "")

    return evaluation_bench.Graph(lambda: found().model, found().what.id, (given,))


_MEASURES = {"engine": _engine, "decisions": _decisions, "tables": _tables}
