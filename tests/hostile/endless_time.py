"""Sleeping for ever. Stopped by: the time limit, status 124."""

import time

OPTIONS = ["--timeout", "1"]
STATUS = {124}

print("SAFE begins", flush=True)
time.sleep(30)
print("ESCAPED no limit")
