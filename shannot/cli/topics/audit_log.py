"""The topic `audit-log`."""

SUMMARY = "the record of what was run, decided and executed"
TEXT = """
```sh
shannot audit list --since 7d         # one line a record; --session ID, --event NAME, --last N
shannot audit show 1                  # one record, every field
shannot audit verify                  # finds what was edited, removed, moved or cut off
shannot audit export                  # the records as they stand, a line of JSON each
```

Every run, verdict, approval, rejection, refusal and executed effect is a line of JSON that
names the SHA-256 of the line before it. Where the log ends is sealed apart from it. What cannot
be recorded is neither approved nor executed; a run is made all the same, and says so.

Arguments that look like secrets are blanked. Contents of files and values of the environment
are in the session only. Commands that are confined are not recorded: they reach nothing.

Who can write the log can write all of it anew. `verify` prints a mark that tells the present
end; noted where that user cannot write, `verify --expect MARK` proves that nothing before it
has changed.

The log is in audit/ of the state directory. To begin a new one, move `audit` and `seal` away
together.
"""
