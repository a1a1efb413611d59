"""Commands with a network of their own, where the system allows that."""

import os
import subprocess
import sys

from tests import loopback

UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net"]
ALLOWED = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
WITHOUT_NETWORK = [*UNSHARE, sys.executable, loopback.__file__] if ALLOWED else []
"""The beginning of a command that runs the rest with loopback as its only network."""
