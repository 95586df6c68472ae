"""`python -m bench` measures this project and the peer, prints tables and bars, and writes the figures as JSON.

--only talk,idle        only these sections: closed_loop, rest, talk, latency, away, fan_out, idle, scaling, history,
                        search, first_load, uploads; and the part of scaling with 1 to 4 server processes: processes
--json FILE             where to write the figures (default: var/bench.json)
--quick                 shorter measurements for a first look; only a full run decides whether the bars are met
--messages 10000,…      the sizes of the history section
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import curves, sections, setups, table
from bench.services import CORES, Services
from bench.stack import ROOT, peer_installed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default=",".join(sections.BY_DEFAULT))
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--messages", default="10000,1000000,10000000")
    parser.add_argument(
        "--pictures", type=Path, help="draw the figures of --json into this folder, and measure nothing"
    )
    options = parser.parse_args()
    # Raise an exception on SIGTERM, so that the blocks below stop the servers and services.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if options.pictures:
        curves.draw(json.loads(options.json.read_text()), options.pictures)
        return 0
    plan = setups.Plan(
        seconds=3 if options.quick else 8, sizes=[int(size) for size in options.messages.split(",")]
    )
    figures: dict[str, Any] = {"machine": {"cores": len(CORES), "python": platform.python_version()}}
    names = options.only.split(",")
    with ExitStack() as stack:
        services = None
        if {*names} - {*sections.ALONE}:
            stack.enter_context(peer_installed())
            services = stack.enter_context(Services())
        for name in names:
            began = time.monotonic()
            figures[name] = sections.measure_section(name, services, plan)
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
            options.json.parent.mkdir(exist_ok=True)
            options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table.render(figures))
    return 0 if table.all_met(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
