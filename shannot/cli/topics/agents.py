"""The topic `agents`."""

SUMMARY = "let an LLM run scripts on this machine, and keep the decision"
TEXT = """
`shannot mcp` serves the Model Context Protocol on stdin and stdout. An agent's client starts
it. This prints what to put into the client's configuration:

```sh
shannot setup mcp --client print
```

and this puts it there, keeping all else, with a copy of what the file was:

```sh
shannot setup mcp --client cursor -- --project-only --root ~/project
shannot setup mcp --client cursor --remove
```

Clients: claude-desktop, claude-code, vscode, cursor and others (`shannot setup mcp --help`).

## What the agent can do

```text
run_script          run Python in the sandbox: output, exit status, the plan
show_session        a plan, effect by effect
session_diff        what files would become
wait_for_decision   wait for a person, an hour at most
session_result      what came of each effect
explain_command     what the policy says about a command
```

There is no tool that approves, rejects or executes. The agent says what you have to type:

```text
shannot approve ID            you look, and decide, in a terminal
```

and gets the result by itself when it waits with `until=result`.

`run_script` and the session tools take `target` as well: the name of a machine that you have
added with `shannot remote add`, and that `--target` of `shannot mcp` offers (`shannot help
machines`).

## What you decide beforehand

Options of `shannot mcp` are the ceiling of whatever an agent asks for:

```text
--profile NAME     a profile that it may choose; the first is its default. It is for this
                   machine: another one has a policy of its own
--root DIR         scripts run there or below, nowhere else
--project-only     no view of the whole machine
--target NAME      a machine that it may use, no group; without this none but this one
```

The limits of a run are those of your configuration; an agent can only ask for less.

## What to know

An agent that can start programs as your user, outside of shannot, can approve like you. Where
that matters let it run as another user: `shannot help two-users`.
"""
