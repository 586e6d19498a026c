"""sqlite3 with its journals, locks between connections, and a look from another process."""

import os
import sqlite3
import sys

sys.path.insert(0, ".")
from attempt import attempt

for journal in ("delete", "truncate", "persist", "wal", "memory"):
    name = f"{journal}.db"
    with sqlite3.connect(name) as connection:
        print(connection.execute(f"pragma journal_mode={journal}").fetchone())
        connection.execute("create table t (n integer primary key, s text)")
        connection.executemany("insert into t values (?, ?)", ((n, str(n)) for n in range(500)))
    print(connection.execute("select count(*), sum(n) from t").fetchone())
    other = sqlite3.connect(name, timeout=0.05, isolation_level=None)
    connection.execute("begin immediate")
    connection.execute("delete from t where n < 100")
    attempt("second writer", other.execute, "begin immediate")
    print(other.execute("select count(*) from t").fetchone() if journal == "wal" else "")
    connection.rollback()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        mine = sqlite3.connect(name)
        print("child", mine.execute("select max(n) from t").fetchone())
        mine.execute("insert into t values (1000, 'child')")
        mine.commit()
        mine.close()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    print(connection.execute("select s from t where n = 1000").fetchone())
    connection.execute("vacuum")
    other.close()
    connection.close()
print(sorted(n for n in os.listdir(".") if ".db" in n))
memory = sqlite3.connect(":memory:")
print(memory.execute("select 6 * 7").fetchone())
attempt("in nothing", sqlite3.connect, "missing/x.db")
readonly = sqlite3.connect("file:wal.db?mode=ro", uri=True)
attempt("read only", readonly.execute, "delete from t")
