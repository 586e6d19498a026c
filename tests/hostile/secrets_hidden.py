"""Keys and tokens, although the home directory is mapped. Stopped by: hidden names are no
entries of the virtual tree under any spelling; a private key is recognised when it is opened.
"""

import mmap
import os
import subprocess
import sys

sys.path.insert(0, ".")
from attack import HOME, attack, leak

OPTIONS = ["--map", "{home}"]

SECRETS = [
    ".env", ".env.production", "sub/.env", "innocent.txt", "planted_env_link", "planted_key_link",
    "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/../etc/shadow", "/etc/shadow-", "/etc/ssh/ssh_host_rsa_key",
] + [f"{HOME}/{name}" for name in (
    ".ssh/id_rsa", ".ssh/../.ssh/id_rsa", ".aws/credentials", ".netrc", ".bash_history", ".git-credentials",
    ".gnupg/secring.gpg", ".kube/config", ".docker/config.json", ".pypirc", ".npmrc", ".config/gcloud/token",
    ".config/shannot/config.toml", ".local/state/shannot/canary", "planted_ssh_link/id_rsa", "planted_hard_env",
)]  # fmt: skip


def held(path):
    descriptor = os.open(path, os.O_PATH)
    return leak(f"/proc/self/fd/{descriptor}")


def mapped(path):
    descriptor = os.open(path, os.O_RDONLY)
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)[:]


def by_directory(path):
    directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    return leak(os.path.basename(path), dir_fd=directory)


def by_current(path):
    os.chdir(os.path.dirname(path) or ".")
    return leak(os.path.basename(path))


def linked(path):
    os.link(path, "harmless_name")
    return leak("harmless_name")


def pointed(path):
    os.symlink(os.path.abspath(path), "harmless_link")
    return leak("harmless_link")


def renamed(path):
    os.rename(path, "harmless_name")
    return leak("harmless_name")


def parent_renamed(path):
    parent = os.path.dirname(os.path.abspath(path))
    os.rename(parent, parent + "_renamed")
    return leak(f"{parent}_renamed/{os.path.basename(path)}")


def written(path):
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    os.write(descriptor, b"x")
    return b"CANARY" in os.pread(descriptor, 1 << 16, 0)


def shown(path):
    return subprocess.run(["cat", path], capture_output=True).stdout


def searched(path):
    return subprocess.run(
        ["grep", "-r", "CANARY-", os.path.dirname(path) or "."], capture_output=True
    ).stdout


READING = (leak, held, mapped, by_directory, by_current, pointed, shown)
CHANGING = (linked, renamed, parent_renamed, written)  # only of what was planted, should it succeed
for path in SECRETS:
    for way in READING if path.startswith("/etc/") else READING + CHANGING:
        attack(f"{way.__name__} {path[-40:]}", way, path)
attack("a search of the project", searched, "./x")
attack("a search of the home directory", searched, f"{HOME}/x")
