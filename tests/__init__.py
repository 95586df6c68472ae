"""The tests.

`python -m tests.faults` finds the Python client here. The client is a separate package and need not be installed.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "clients" / "python" / "src"))
