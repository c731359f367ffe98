"""scripts/audit: advisories stop a change, and a service that cannot be asked does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parent.parent / "scripts" / "audit"


def part(name, **more):
    return {"name": name, "version": "1.0", **more}


@pytest.mark.parametrize(
    ("answered", "complained", "code", "said"),
    [
        ([part("a", vulns=[]), part("b", vulns=[])], "", 0, "2 packages asked about, 0 advisories"),
        ([part("a", vulns=[{"id": "X-1", "fix_versions": ["1.1"]}])], "", 1, "a 1.0: X-1, mended in 1.1"),
        ([part("a", vulns=[]), part("b", skip_reason="not found")], "", 0, "nothing is known about b"),
        ([part("a", skip_reason="not found")], "", 0, "LEFT OUT"),
        (None, "ConnectionError: Max retries exceeded", 0, "LEFT OUT, its service cannot be reached"),
        (None, "requirements.lock is not a file of requirements", 1, "not a file of requirements"),
    ],
)
def test_only_an_advisory_or_a_fault_of_ours_stops_a_change(tmp_path, answered, complained, code, said):
    answer = "" if answered is None else json.dumps({"dependencies": answered})
    stub = tmp_path / "pip-audit"
    stub.write_text(f"#!{sys.executable}\nimport sys\nprint({answer!r})\nsys.exit({complained!r})\n", encoding="utf-8")
    stub.chmod(0o755)
    done = subprocess.run(
        [sys.executable, AUDIT], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr
