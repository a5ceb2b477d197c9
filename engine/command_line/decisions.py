"""The commands about decision tables."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from pathlib import Path

from engine.decisions import conformance as kit


def conformance(arguments: Namespace) -> None:
    """Run a folder of the DMN conformance kit and print passed and total per level, and every failure."""
    report = kit.run(Path(arguments.folder))
    print(
        json.dumps(dataclasses.asdict(report), indent=2, default=str) if arguments.json else report.summary()
    )
