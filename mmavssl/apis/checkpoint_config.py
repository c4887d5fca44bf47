"""The config in a checkpoint, read as data: nothing of it is run."""

import ast
from collections.abc import Mapping, Sequence

from mmengine.config import Config

from mmavssl.utils.checkpoints import read_checkpoint
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_config import check_values
from mmavssl.utils.safe_config.limits import MAX_BYTES
from mmavssl.utils.safe_config.python_data import PythonData, parse

#: Where MMEngine's Runner writes its config, as the text of a Python file.
PLACES = (('message_hub', 'runtime_info', 'cfg'), ('meta', 'cfg'))
#: What of it is needed to predict, or to export; what else it says is not looked at.
USED_KEYS = (
    'model', 'test_dataloader', 'input_size', 'prepare_commands', 'default_scope',
    'custom_imports',
)  # fmt: skip
NAME = 'its config'


def config_in_checkpoint(weights: str) -> Config:
    """Return what is needed to predict of the config in a checkpoint.

    Raises:
        ConfigError: there is none, or it is more than data.
    """
    content = read_checkpoint(weights, map_location='meta')
    text = next((found for place in PLACES if (found := _at(content, place))), None)
    if not isinstance(text, str):
        raise ConfigError(
            f'{weights} has no config in it, as tools/train.py writes it. Name the config file '
            'as well (`model`, --model; CONFIG of export).'
        )
    try:
        cfg = _read(text)
        check_values(cfg)
    except (ConfigError, RecursionError) as error:
        place = str(error).partition(': ')[0] if isinstance(error, ConfigError) else NAME
        raise ConfigError(
            f'{weights}: the config in it is not used, as {place} is more than data. Name the '
            'config file as well (`model`, --model; CONFIG of export).'
        ) from error
    return Config(cfg)


def _at(content: object, place: Sequence[str]) -> object:
    for key in place:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def _read(text: str) -> dict:
    if len(text) > MAX_BYTES:
        raise ConfigError(f'{NAME}: it has {len(text)} letters.')
    tree = parse(text, NAME)
    tree.body = [_WithoutCalls().visit(node) for node in tree.body if _is_used(node)]
    data = PythonData(NAME)
    data.read(tree)
    return {name: found.value for name, found in data.names.items()}


def _is_used(node: ast.stmt) -> bool:
    """Whether a statement gives a value to one of the keys alone."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return len(targets) == 1 and getattr(targets[0], 'id', None) in USED_KEYS


class _WithoutCalls(ast.NodeTransformer):
    """MMEngine writes ``dict({'a.b': 1})`` where a key is no name."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        is_dict = getattr(node.func, 'id', None) == 'dict' and not node.keywords
        if is_dict and len(node.args) == 1 and isinstance(node.args[0], ast.Dict):
            return node.args[0]
        return node
