"""The tests. `python -m tests.faults` finds the Python client here, a package of its own, without installing it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "clients" / "python" / "src"))
