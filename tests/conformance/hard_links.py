"""Hard links: one file, several names, counts that follow."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill


def same(a, b):
    return os.path.samefile(a, b)


attempt("two from the start", lambda: os.stat("hard_a").st_nlink)
attempt("are one", same, "hard_a", "hard_b")
attempt("written through one", fill, "hard_a", b"changed\n", "ab")
attempt("seen by the other", content, "hard_b")
attempt("still one", same, "hard_a", "hard_b")
attempt("make", os.link, "hello.txt", "second")
attempt("count", lambda: (os.stat("hello.txt").st_nlink, os.stat("second").st_nlink))
attempt("one", same, "hello.txt", "second")
attempt("third", os.link, "second", "sub/third")
attempt("write", fill, "sub/third", b"by the third\n")
attempt("seen", content, "hello.txt")
attempt("mode follows", lambda: [os.chmod("second", 0o600), oct(os.stat("hello.txt").st_mode)][1])
attempt("remove the first", os.unlink, "hello.txt")
attempt("count", lambda: os.stat("second").st_nlink)
attempt("still there", content, "second")
attempt("over an existing", os.link, "second", "numbers.txt")
attempt("of a directory", os.link, "sub", "sublink")
attempt("of nothing", os.link, "missing", "x")
attempt("of a link itself", os.link, "link", "link2", follow_symlinks=False)
attempt("is a link", os.path.islink, "link2")
attempt("of a dangling link, followed", os.link, "dangling", "x", follow_symlinks=True)
attempt("rename one", os.rename, "second", "renamed")
attempt("one", same, "renamed", "sub/third")
descriptor = os.open("renamed", os.O_RDWR)
os.unlink("renamed")
os.unlink("sub/third")
attempt("count of the nameless", lambda: os.fstat(descriptor).st_nlink)
attempt("still holds", os.pread, descriptor, 50, 0)
