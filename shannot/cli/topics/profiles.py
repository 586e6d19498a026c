"""The topic `profiles`."""

SUMMARY = "how to write a profile: which commands are allowed, confined, asked about, denied"
TEXT = """
Built-in profiles, and those of your configuration:

```sh
shannot profile list
shannot profile show diagnostics
shannot run --profile diagnostics script.py
```

## A file

Start with what a session asked for. The rules that this prints are never wider than what ran:

```sh
shannot profile suggest ID
```

Then write a file of your own:

```sh
cat > web.toml <<'END'
auto_approve = [
  "systemctl status nginx",
  { command = "journalctl", without = ["--vacuum*", "-f"], match = ["journalctl -u nginx"] },
]
always_deny = [{ command = "git push", match = ["sudo git push"], not_match = ["git pull"] }]
ask = ["git commit"]
confine = ["ls", "grep", "sed"]
END
shannot profile check web.toml
shannot run --profile ./web.toml script.py
shannot explain --profile ./web.toml -- journalctl -u nginx
```

`check` names a wrong line, and tries every example in the file.

## The four lists

```text
auto_approve   run on the machine at once
always_deny    refused
ask            a person decides
confine        run in the sandbox; the whole list, or ["*"]: whatever no stricter rule names
```

A rule of text is the first words of a command: `"systemctl status"` covers `systemctl status
nginx` and not `systemctl stop`. Options that are known to write or to run something are not
covered unless the rule names them. `"*"` is an error in auto_approve.

A rule may be a table:

```text
command     the first words
without     words it does not cover: an option in any spelling, `*` every operand, `-*` every
            option
cwd         the only directory; "/srv/*" is everything below as well
env         what the script may add to the environment
reason      what `explain` and a refusal say
match       examples that it must cover
not_match   examples that it must not
```

`without`, `cwd` and `env` are for rules that allow; a denial has none.

## Where a profile comes from

`[profiles.NAME]` in the configuration, or a file in TOML or JSON. `profile = "NAME"` chooses
one; `[profiles.default]` is in force without. What you allow or confine goes before the
machine's file; denials and questions add up. A project's `.shannot/config.toml` can add
denials, questions and lower limits, and nothing else: it came with the project.

## What an allow rule means

The command runs with all your rights, and shannot does not know what it does. `"make"` is as
strong as the Makefile.

Some programs run what the files of their directory say: git its configuration and filters,
make, npm and cargo their recipes, pytest and mypy plugins, an interpreter its modules. A rule
for one of them must say which directory it trusts, and names the script or the subcommand:

```text
{ command = "git status", cwd = "/home/u/project" }
{ command = "python3 tools/check.py", cwd = "/home/u/project" }
```

Without `cwd` such a command is confined where it can be, or a person is asked. Programs that
run others (`sudo`, `env`, `xargs`, shells, interpreters) are never allowed by their name alone.
"""
