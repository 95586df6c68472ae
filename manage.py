#!/usr/bin/env python
"""Django's command-line entry point."""

import gc
import os
import sys

# Imports and migrations create many objects that stay. With Python's default threshold of 700, the garbage collection
# takes a tenth of the time of most commands.
gc.set_threshold(50_000, 5, 5)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
