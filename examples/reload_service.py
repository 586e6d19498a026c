"""Change one setting of a configuration file, keep everything else, reload the service.

    shannot run examples/reload_service.py [FILE [SECTION KEY VALUE [SERVICE]]]

The file is parsed, changed in one line (comments and order stay), checked again, backed up beside
itself, and replaced in one step. Only then `systemctl reload SERVICE` is asked for.
"""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

DEFAULTS = (
    str(Path(__file__).resolve().parent / "data" / "app.conf"),
    "server",
    "workers",
    "8",
    "app",
)


def with_setting(text: str, section: str, key: str, value: str) -> str:
    """The text with one setting changed or added. Raises KeyError without the section."""
    lines = text.splitlines(keepends=True)
    inside = False
    end = None  # where a new setting of the section would go
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith("[") and bare.endswith("]"):
            inside = bare[1:-1].strip() == section
        elif inside and bare and bare[0] not in "#;":
            name, separator, _ = line.partition("=")
            if separator and name.strip().lower() == key.lower():
                ending = "\n" if line.endswith("\n") else ""
                lines[number] = f"{name.rstrip()} = {value}{ending}"
                return "".join(lines)
        if inside and bare:
            end = number + 1
    if end is None:
        raise KeyError(f"there is no section [{section}]")
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    lines.insert(end, f"{key} = {value}\n")
    return "".join(lines)


def parsed(text: str) -> "dict[str, dict[str, str]]":
    """Sections and settings. Raises configparser.Error for what is no configuration."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


def replace(path: Path, text: str) -> None:
    """Put the new contents there in one step, with the old mode."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    shutil.copymode(path, fresh)
    os.replace(fresh, path)


def change(path: Path, section: str, key: str, value: str) -> bool:
    """Change the setting in the file; False when it is so already."""
    before = path.read_text(encoding="utf-8")
    expected = parsed(before)
    after = with_setting(before, section, key, value)
    if after == before:
        return False
    expected[section][key.lower()] = value
    if parsed(after) != expected:
        raise ValueError(f"changing {key} in {path} would change something else too")
    shutil.copy2(path, path.with_name(path.name + ".bak"))
    replace(path, after)
    return True


def main(words: "list[str]") -> int:
    if len(words) not in (0, 1, 4, 5):
        print(__doc__, file=sys.stderr)
        return 2
    path, section, key, value, service = [*words, *DEFAULTS[len(words) :]]
    try:
        changed = change(Path(path), section, key, value)
    except (OSError, KeyError, ValueError, configparser.Error) as error:
        print(f"{path} is left as it is: {error}", file=sys.stderr)
        return 1
    if not changed:
        print(f"{path}: [{section}] {key} is {value} already")
        return 0
    print(f"{path}: [{section}] {key} = {value} (the old file is {path}.bak)")
    try:
        status = subprocess.run(["systemctl", "reload", service]).returncode
    except OSError as error:
        print(f"systemctl could not be started: {error.strerror}", file=sys.stderr)
        return 1
    print(f"reload of {service}: {'done' if status == 0 else f'failed with {status}'}")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
