"""`python -m slimcam.programs`: what `slimcam run` starts, a process that is the program's own."""

import json
import sys

from .running import Program, run

del sys.path[0]  # the folder that `-m` puts there; a program has its own
run(Program(**json.loads(sys.argv[1])))
