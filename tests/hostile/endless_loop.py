"""Computing for ever. Stopped by: the limit of processor time, status 124."""

import time

OPTIONS = ["--cpu", "1"]
STATUS = {124}

print("SAFE begins", flush=True)
end = time.monotonic() + 30
while time.monotonic() < end:
    pass
print("ESCAPED no limit")
