"""The demo's way in; the demo itself is a test of its own (make demo)."""
import os
import subprocess

import pytest

from harness.servers import ROOT

USAGE = 2


@pytest.mark.parametrize('seconds', ['abc', '', '0', '-5', '1.5', '99999999999'])
def test_demo_refuses_seconds_that_are_none(seconds):
    done = subprocess.run([ROOT / 'deploy' / 'demo'], env={**os.environ, 'DEMO_SECONDS': seconds}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == USAGE
    assert done.stdout == ''
    assert done.stderr.startswith('demo: DEMO_SECONDS') and done.stderr.count('\n') == 1
