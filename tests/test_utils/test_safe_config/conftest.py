"""Configs in a folder of their own, in which nothing may appear that they were not to write."""

from pathlib import Path

import pytest

from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError


class Configs:
    """Writes configs and loads them as data."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, text: str, name: str = 'cfg.py') -> Path:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        return path

    def load(self, text: str, name: str = 'cfg.py', options=()):
        """Return the config of a text."""
        return load_config(str(self.write(text, name)), options, safe=True)

    def refused(self, text: str, name: str = 'cfg.py', options=()) -> str:
        """Return why a text is refused, in one line; nothing of it has run."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, name, options)
        assert not (self.root / 'pwned').exists()
        message = str(caught.value)
        assert '\n' not in message
        return message


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configs:
    monkeypatch.chdir(tmp_path)
    return Configs(tmp_path)
