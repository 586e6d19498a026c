"""Where what stands at a path comes from, once effects are done: walked back, effect by effect."""

from __future__ import annotations

from collections.abc import Iterable

from shannot.effects.model import DeletePath, Effect, MakeDirectory, MakeLink, MovePath, WriteFile


def origin(effects: Iterable[Effect], path: str) -> tuple[str | None, str]:
    """The file that effects, newest first, leave at a path in which no link is to be followed.

    Returns (None, its sha256) where a plan has it, (path on the host, "") where the host's own
    file stands there, and (None, "") where nothing does, or no file.
    """
    for effect in effects:
        match effect:
            case WriteFile(path=made, after=after) if made == path:
                return None, after.sha256
            case MakeLink(path=made, target=target, hard=hard) if made == path:
                if not hard:
                    return None, ""
                path = target
            case MovePath():
                if path == effect.path and effect.before.kind == "file":
                    return None, effect.before.sha256
                if _holds(effect.path, path):
                    path = effect.source + path[len(effect.path) :]
                elif _holds(effect.source, path):
                    return None, ""
            case DeletePath(path=gone) if _holds(gone, path):
                return None, ""
            case MakeDirectory(path=made) if _holds(made, path):
                return None, ""
            case _:
                pass
    return path, ""


def _holds(directory: str, path: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")
