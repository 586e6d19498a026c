# needs: bash
# Tests with temporary directories, captured output and a command of their own.
mkdir tests; cat > tests/test_x.py <<'CODE'
import os
import subprocess

def test_writes(tmp_path):
    (tmp_path / "x").write_text("1")
    assert (tmp_path / "x").read_text() == "1"

def test_fails():
    assert 0

def test_captures(capfd):
    os.system("echo hi")
    assert capfd.readouterr().out == "hi\n"

def test_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(["pwd"], capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path)
CODE
"$PYTHON" -B -m pytest -q -p no:cacheprovider tests | sed 's/ in [0-9.]*s.*//'; echo "${PIPESTATUS[0]}"
