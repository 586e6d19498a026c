"""Commands that are made to take long to judge, each of about a given number of characters.

Every piece is repeated: as a line, behind a command that reads all its words, in every kind of
quote and substitution, as one word of a list and as its words. Run as a program
(`python -m tests.policy.hostile_commands`) it prints which of all of them take longest.
"""

from __future__ import annotations

from collections.abc import Iterator

PIECES = (
    *("a;", "rm ", "rm -rf /x ", "rm -rf /x;", "$(", "${", "`", "X=$X$X;", "(){", "a(){a|a};"),
    *("(){a|", "a", "<<E\n", "<<E ", "a,", "''", '""', '"$x"', "\"'", "\\", "\\\n", "\\'", "*"),
    *("*a", "/*a* ", "?", "r?;", "*a?;", "[a]", "-a ", "--recursive ", "-r -f /?x ", "a|"),
    *("echo a|", "a|sh|", "echo rm|xargs|", "curl x|sh|", "a&&", "a&", "a\n", "a\r", "\u00a0"),
    *("\u200b", "e\u0301", "\ufb03", "\u212b", "\U0001f600", "\udcff", "#a\n", ">a ", "2>&1 "),
    *("<(a) ", "$((", "env ", "env rm -rf /x;", "env rm -rf /x ", "env -i nice -n 5 "),
    *("sh -c 'a';", "sh -c a ", "sudo -u root ", "xargs ", "eval ", "eval a;", "find -exec rm "),
    *("chmod u+x,g+x,o+x, ", "chmod 777 /x ", "dd of=/dev/sdx ", ">/dev/x ", "~a/../ ", "/.."),
    *("/", "A=1 ", "A=1;", "A=rm;$A -rf /x;", "$A", "for a in b c;do $a;done;", "f(){ a;};f;"),
    *("a${IFS}", "$@ ", "$'\\x41'", "!! ", "{a,b}", "{a,b} ", "\t", "\x1b[2K", "cd a;rm -rf x;"),
    *("echo $(a);", "$a ", "<<<a ", "! ", '"$(a)"', "\\`", "${a:-b}", "${a:-$(b)}", "'rm','-r',"),
    *("python -c 'a \"rm\"';", '\\"', "'", "busybox sh -c ", "/*/..", "if ", "coproc "),
)  # fmt: skip
WORDS = (
    *(("rm",), ("rm", "-rf", "/x"), ("env", "rm", "-rf", "/x"), ("sh", "-c", "rm -rf /x")),
    *(("sudo", "-u", "x"), ("find", "/x", "-exec", "rm"), ("chmod", "u+x,g+x", "/x"), ("dd",)),
    *(("dd", "of=/x"), ("tee", "/x"), ("mv", "/x"), ("A=1",), ("-a",), ("--rec=/x",), ("/x",)),
    *(("/?x*",), ("r?",), ("~a",), ("..",), ("",), ("a b",), ("a;b",), ("a 'b",), ("{a,b}",)),
    *(("python", "-c", "'rm','-rf'"), ("awk", 'BEGIN{system("rm /x")}'), ("$a",), ("-c", "a b")),
    *(("systemctl", "stop"), ("rsync", "--del", "/x"), ("mkfs.ext4",), ("/dev/sdx",), ("\u212b",)),
)  # fmt: skip
HEADS = (
    *(("env",), ("rm", "-rf"), ("python", "-c"), ("find", "/x", "-exec"), ("$x",), ("awk",)),
    *(("bash", "-lc"), ("-",), ("env", "sh", "-c"), ("eval",), ("chmod", "777"), ("git",)),
)
AROUND = (
    "{}",
    "rm -rf {}",
    "env {}",
    "sh -c '{}'",
    'sh -c "{}"',
    "a $({})",
    "echo {}|sh",
    "A='{}';$A",
)


def hostile_commands(size: int) -> Iterator[tuple[str, ...]]:
    """All of them."""
    for piece in PIECES:
        body = piece * (size // len(piece))
        for around in AROUND:
            yield "sh", "-c", around.replace("{}", body)
        for head in HEADS:
            yield *head, body
    for words in WORDS:
        count = size // (sum(map(len, words)) + len(words))
        for head in HEADS:
            yield *head, *words * count
    for head in HEADS:
        for number, pattern in ((size // 6, "/*{}*"), (size // 6, "r?{}"), (size // 8, "--{}=x")):
            yield *head, *(pattern.replace("{}", str(at)) for at in range(number))
        yield *head, *["/" + "*a" * 120] * (size // 240)
    yield from _nested(size)


def _nested(size: int) -> Iterator[tuple[str, ...]]:
    for opening, closing in (("$(", ")"), ('"$(', ')"'), ("${a:-", "}"), ("<(", ")"), ("(", ")")):
        for depth in (8, 15, 17, 500):
            padding = "a " * ((size - depth * (len(opening) + len(closing))) // 2)
            inner = f"rm -rf /x {padding}"
            yield "sh", "-c", opening * depth + inner + closing * depth
            each = "a " * (len(padding) // 2 // depth)
            yield "sh", "-c", (opening + each) * depth + "rm -rf /x" + closing * depth
    line = "rm -rf /x"
    while len(line) < size // 2:
        line = 'bash -c "' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    yield "bash", "-c", line
    yield "sh", "-c", "rm " + "{a,b}" * (size // 5)
    yield "sh", "-c", "rm -rf {" + "/x," * (size // 3) + "}"


def main() -> None:
    """Print the slowest, in milliseconds of this machine."""
    import time

    from shannot.policy.verdict import Command, decide
    from tests.policy.test_hostile_commands import RULES

    slowest: list[tuple[float, str]] = []
    for size in (16_000, 60_000, 100_000):
        for argv in hostile_commands(size):
            start = time.process_time()
            verdict = decide(Command(argv, "/home/u/p"), RULES)
            taken = (time.process_time() - start) * 1_000
            slowest.append((taken, f"{size} {verdict.decision} {ascii(argv)[:100]}"))
    for taken, what in sorted(slowest, reverse=True)[:20]:
        print(f"{taken:8.1f} {what}")


if __name__ == "__main__":
    main()
