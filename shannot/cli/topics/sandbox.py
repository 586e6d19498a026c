"""The topic `sandbox`."""

SUMMARY = "what a script sees, and what happens to what it does"
TEXT = """
A script sees the interpreter and its libraries, the current directory with everything below it (not
`/` nor the home directory itself, unless --map names it), a private /tmp, and a /proc and /dev made
for it. `--view system` shows the whole machine, read-only. Keys, tokens, .env files, histories and
/etc/shadow are hidden in every view; a path that is hidden or not mapped does not exist. There is
no network.

It reads and writes as on a plain directory, and sees its own changes. Nothing on the host changes:
the differences become effects, which wait in a session.

    shannot run script.py        what it wanted is said on stderr, and waits
    shannot show ID              each effect, with its diff and its warnings
    shannot approve ID           a person decides
    shannot execute ID           exactly that happens, in order
    shannot rollback ID          and is put back

A command that the script starts gets one verdict: deny (an error), ask (recorded, and assumed to
succeed), confine (it runs in the sandbox as well), allow (it runs on the host at once; by default
none is allowed). `shannot explain -- CMD ARGS` says which, and why.
"""
