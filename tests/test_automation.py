"""Workflows, pre-commit and citation say what the package says."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / '.github/workflows').glob('*.yml'))
VERSIONS = ['3.10', '3.11', '3.12', '3.13']


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


def pins() -> dict[str, str]:
    lines = (ROOT / 'requirements/constraints.txt').read_text().splitlines()
    return dict(line.split('==', 1) for line in lines if line and not line.startswith('#'))


def test_workflows():
    assert [path.stem for path in WORKFLOWS] == ['docs', 'lint', 'test', 'wheel']


@pytest.mark.parametrize('path', WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs_what_is_there(path):
    for job in read(path)['jobs'].values():
        matrix = job.get('strategy', {}).get('matrix', {})
        assert matrix.get('python-version', VERSIONS) == VERSIONS
        for step in job['steps']:
            for script in re.findall(r'bash (\S+)', step.get('run', '')):
                assert (ROOT / script).is_file()


def test_versions_of_python_are_those_of_the_package():
    setup = (ROOT / 'setup.py').read_text()
    classifiers = re.findall(r'Programming Language :: Python :: (3\.\d+)', setup)
    for name, job in (('test', 'newest'), ('wheel', 'use')):
        matrix = read(ROOT / f'.github/workflows/{name}.yml')['jobs'][job]['strategy']['matrix']
        assert matrix['python-version'] == classifiers


def test_hooks_before_a_commit_have_the_pinned_versions():
    [repository] = read(ROOT / '.pre-commit-config.yaml')['repos']
    hooks = repository['hooks']
    [ruff] = [hook for hook in hooks if hook['id'] == 'ruff']
    assert ruff['additional_dependencies'] == [f'ruff=={pins()["ruff"]}']
    assert all('==' in name for hook in hooks for name in hook['additional_dependencies'])


def test_citation():
    citation = read(ROOT / 'CITATION.cff')
    assert citation['license'] == 'Apache-2.0'
    assert all({'title', 'type', 'authors'} <= set(part) for part in citation['references'])
