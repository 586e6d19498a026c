"""The topic `json`."""

SUMMARY = "the document that --json prints"
TEXT = """
One document on one line of stdout, in place of the text, from every command that has --json:

    {"shannot": "0.4.0", "format": 1, "command": "show", "ok": true, "result": {…}}
    {"shannot": "0.4.0", "format": 1, "command": "show", "ok": false,
     "error": {"kind": "NotFoundError", "message": "…", "exit_code": 127}}

`format` grows only when a key changes its meaning or goes away; new keys may come at any time.

All text is ASCII in JSON's own escapes, so that the document can be shown on a terminal. A byte of
a path that is not UTF-8 is a lone surrogate: \\udcff for 0xff.

Bytes, such as a script's output, are {"text": "…"} where they are UTF-8, else {"base64": "…"};
where the middle was not kept, {"head": …, "omitted": N, "tail": …} with N in bytes.

The exit code is the same as without --json. Only a command line that asks for help, or that is
wrong before `--json` could be seen, prints no document.
"""
