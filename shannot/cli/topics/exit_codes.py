"""The topic `exit-codes`."""

SUMMARY = "what the exit code of each command means"
TEXT = """
`shannot run` passes the script's own status through: `exit(3)` is 3, a signal is 128 plus its
number. Whatever shannot itself has to report uses these, in every command:

```text
0      done
1      something asked for did not succeed: a conflict, a failed effect, a wrong checksum,
       a session in another state, a part that `doctor` found wanting
2      the command line or a configuration is wrong; nothing was run
124    the limit of time or processor time was hit
125    another limit was hit, or shannot itself failed: what this machine lacks, a full disk,
       a damaged session
126    refused by the policy, or approving without a person
127    not found: the script, the program, the session
128+N  ended by signal N (130: Ctrl-C)
```

With --json the code is the same, and an error's is in the document as well.
"""
