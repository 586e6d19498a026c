"""The topic `json`."""

SUMMARY = "the document that --json prints"
TEXT = """
One document on one line of stdout, in place of the text, from every command:

```sh
shannot list --json
```

```text
{"shannot": "0.4.0", "format": 1, "command": "show", "ok": true, "result": {…}}
{"shannot": "0.4.0", "format": 1, "command": "show", "ok": false,
 "error": {"kind": "NotFoundError", "message": "…", "exit_code": 127}}
```

`ok` says whether there is a `result`; whether all was done as asked is the exit code's to say,
which is the same as without --json.

`format` grows only when a key changes its meaning or goes away; new keys may come at any time.

All text is ASCII in JSON's own escapes, so that the document can be shown on a terminal. A byte
of a path that is not UTF-8 is a lone surrogate: \\udcff for 0xff.

Bytes, such as a script's output, are {"text": "…"} where they are UTF-8, else {"base64": "…"};
where the middle was not kept, {"head": …, "omitted": N, "tail": …} with N in bytes.

Two commands have none, because they speak protocols of their own: `mcp` and `serve`. And a command
line that asks for --help prints help.

`shannot run --json-fd N` writes it to descriptor N, while the script's output streams as ever.

## What stands in `result`

```text
run        status, limit, complete, session, waiting, effects, stdout, stderr, denied, …
list       sessions (id, state, script, effects, danger, …), unreadable
show       id, state, script, digest, effects (number, effect, path, argv, warnings, diff, …)
diff       id, diffs (number, path, diff)
approve    id, state, digest, decision, results
execute    id, state, digest, decision, results
status     version, runtimes, sessions, waiting, configuration, problems
doctor     works, parts (name, state, detail, problem, remedy)
explain    decision, rule, reason, where
```
"""
