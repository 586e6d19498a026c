"""A status of the script's own, from a thread's world too."""

import os
import sys
import threading
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # of a fork while there are threads, since 3.12

threading.Thread(target=lambda: print("thread"), daemon=False).start()
print("forked", os.waitstatus_to_exitcode(os.waitpid(os.fork() or os._exit(3), 0)[1]), flush=True)
sys.exit(203)
