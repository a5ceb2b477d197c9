"""The commands about decision tables."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from pathlib import Path

from engine.command_line import printing
from engine.decisions import conformance as kit


def conformance(arguments: Namespace) -> int:
    """Run a folder of the DMN conformance kit: passed and total per folder and level, and every failure.

    1 when a case fails that is not refused on purpose.
    """
    report = kit.run(Path(arguments.folder), printing.language())
    told = {**dataclasses.asdict(report), "as_intended": report.as_intended}
    print(json.dumps(told, indent=2, ensure_ascii=False) if arguments.json else report.told())
    return 0 if report.as_intended else 1
