"""`python3 -m shannot`."""

import sys

# `-m` puts the working directory in front of the module path, and that may be a project nobody
# trusts: its json.py would run here, outside the sandbox. Only our own place stays, and last.
_place = __file__.rpartition("/")[0].rpartition("/")[0]
if sys.path and sys.path[0] != _place and not sys.flags.safe_path:
    del sys.path[0]
elif sys.path and sys.path[0] == _place:
    sys.path.append(sys.path.pop(0))

from shannot.cli.main import program  # noqa: E402 - only after the module path is safe

program()
