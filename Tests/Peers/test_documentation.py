"""What the documentation calls shown is shown by tests that are there."""

import re
from pathlib import Path

import pytest

from harness.hub import ROOT


@pytest.mark.parametrize("page", ["threat-model.md", "capabilities.md"])
def test_every_test_that_a_page_names_exists(page):
    text = (ROOT / "docs" / page).read_text()
    files = {path.name for path in (ROOT / "Tests" / "Peers").glob("test_*.py")}
    suites = {path.stem for path in (ROOT / "Tests").glob("*Tests/**/*.swift")}
    scripts = {Path(name).name for name in re.findall(r"`([\w/]*test_[\w*]+\.py)`", text)}
    named = set(re.findall(r"`(\w+Tests)`", text))
    folders = set(re.findall(r"`(Tests/\w+Tests[\w/]*)`", text))
    assert scripts and len(scripts) + len(named) + len(folders) > 10
    assert {name for name in scripts if name not in files and not list((ROOT / "Tests" / "Peers").glob(name))} == set()
    assert named - suites == set()
    assert {folder for folder in folders if not (ROOT / folder).is_dir()} == set()
