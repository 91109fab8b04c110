"""Run a command and print the memory of its largest process, in the unit of ``ru_maxrss``: KiB on Linux.

Linux lets a program begin with the peak memory of the process that started it. So that this is not what is measured,
this one is small: it imports nothing of the project.
"""

import resource
import subprocess
import sys

if __name__ == "__main__":
    failed = subprocess.run(sys.argv[1:], check=False).returncode
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    sys.exit(failed)
