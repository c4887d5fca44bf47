"""What pages say of the repository in tables: versions, variables, slots, pages of the site."""

from __future__ import annotations

import json
import re
from statistics import mean, stdev

import pytest
import yaml
from packaging.requirements import Requirement

from mmavssl.apis.grid.records import read_records
from mmavssl.utils.commands import COMMANDS, GROUPS
from mmavssl.utils.configs import load_config
from tests.test_docs.blocks import ROOT
from tests.test_docs.command_check import extras

PYTHON = '3.11'
INSTALL = (ROOT / 'docs/install.md').read_text()
SLOTS = re.findall(
    r'^\| `([a-z_.]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$',
    (ROOT / 'docs/configs.md').read_text(), re.MULTILINE,
)  # fmt: skip


def pins(name: str) -> dict[str, str]:
    """Return the versions of a file of requirements."""
    lines = (ROOT / f'requirements/{name}.txt').read_text().splitlines()
    found = [Requirement(line.strip()) for line in lines if line and not line.startswith('#')]
    return {
        pin.name: next(iter(pin.specifier)).version
        for pin in found
        if pin.marker is None or pin.marker.evaluate({'python_version': PYTHON})
    }


def test_versions_are_the_tested_ones():
    rows = re.findall(r'^\| ([\w-]+) \| ([\d.]*) \| ([\d.]+) \|$', INSTALL, re.MULTILINE)
    oldest, newest = pins('oldest'), pins('constraints')
    assert rows == [(name, oldest.get(name, ''), newest[name]) for name in newest]


@pytest.mark.parametrize('script', ['tools/lib/setup_env.sh', 'tools/slurm_train.sh'])
def test_variables_of_the_scripts(script):
    """Those that the head of a script lists, and that it reads."""
    text = (ROOT / script).read_text()
    head = text[text.index('# Environment variables:') :].partition('\n\n')[0]
    lines = re.findall(r'^#   ([A-Z_, ]+[A-Z])  ', head, re.MULTILINE)
    names = {name for line in lines for name in line.split(', ')}
    assert len(names) >= 4
    for name in names:
        assert f'${{{name}' in text
        assert f'`{name}`' in INSTALL


def test_extras_are_named():
    named = set(re.findall(r"'\.\[(\w+)\]'", INSTALL))
    assert extras() <= named


def test_commands_of_a_wheel_are_all_in_the_table():
    row = re.compile(r'^\| `tools/([\w/]+)\.py` \| `mmavssl ([\w ]+)` \|$', re.MULTILINE)
    named = dict(row.findall(INSTALL))
    known = {tool: command for command, tool in COMMANDS.items()}
    for tool, command in [*named.items()]:
        group, _, name = command.partition(' ')
        if name == 'NAME':
            del named[tool]
            members = [each for each in COMMANDS if each.startswith(f'{group} ')]
            named |= {tool.replace('NAME', each.split()[1]): each for each in members}
            assert group in GROUPS
    assert named == known


def test_python_versions():
    [low, high] = re.search(r'Python 3\.(\d+) to 3\.(\d+)', INSTALL).groups()
    setup = (ROOT / 'setup.py').read_text()
    assert f"python_requires='>=3.{low},<3.{int(high) + 1}'" in setup


@pytest.mark.parametrize('column', range(3))
def test_slots_of_the_methods(column):
    """Types in the table of docs/configs.md are those of the configs; so is what is missing."""
    assert len(SLOTS) > 12
    method = ('asl_mix', 'svformer_flex', 'svformer')[column]
    cfg = load_config(str(ROOT / f'configs/{method}/ucf51_1shot.py'))
    for key, *cells in SLOTS:
        cell = cells[0] if cells[column] == 'the same' else cells[column]
        value = cfg
        for part in key.split('.'):
            value = value.get(part)
            if value is None:
                break
        if cell == 'none':
            assert value is None, key
        elif not cell.startswith('see '):
            values = value if isinstance(value, list) else [value]
            types = [component['type'] for component in values]
            assert re.findall(r'`(\w+)`', cell)[: len(types)] == types, key


def test_site_has_all_pages():
    site = yaml.safe_load((ROOT / 'mkdocs.yml').read_text())
    assert site['strict'] is True
    pages = set(leaves(site['nav']))
    beside = {path.name for path in (ROOT / 'docs').glob('*.md')}
    assert beside <= pages
    for page in pages - beside:
        copied = page.startswith('repository/')
        file = ROOT / page.removeprefix('repository/') if copied else ROOT / 'docs' / page
        assert file.is_file(), page


def leaves(node: object) -> list[str]:
    """Return the pages of a tree of navigation."""
    if isinstance(node, str):
        return [node]
    children = node.values() if isinstance(node, dict) else node
    return [page for child in children for page in leaves(child)]


def test_figures_of_the_readme_are_those_of_the_results():
    """Accuracies of students over splits, and those of the quickstart."""
    results = ROOT / 'benchmarks/results'
    records = read_records(results / 'grid_table1_small.jsonl')
    cells = []
    for row in ('asl_mix', 'supervised'):
        top1 = [each['student']['last']['top1'] for each in records if each['row'] == row]
        assert len(top1) == 3
        cells.append(f'{mean(top1):.1f} ± {stdev(top1):.1f}')
    once = json.loads((results / 'quickstart_xeon_amx_2_cores.json').read_text())
    student, teacher, alone = (
        f'{once[f"{name}_top1"]:.1f}' for name in ('student', 'teacher', 'supervised')
    )
    readme = (ROOT / 'README.md').read_text()
    assert f'| {" | ".join(cells)} |' in readme
    assert f'| {student} (its teacher {teacher}) | {alone} |' in readme
