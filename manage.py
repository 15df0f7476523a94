#!/usr/bin/env python
"""Run Django. `platform/` is a source root without `__init__.py`: see docs/architecture.md for why."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imprimatur.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
