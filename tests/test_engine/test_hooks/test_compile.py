import pytest
import torch
from torch._dynamo.utils import counters

from mmavssl.engine.hooks import CompileHook
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError
from tests.reliability.rank_model import ROOT, build_model, model_config
from tests.reliability.ranks import built_runner

MODULES = {
    'svformer': load_config(str(ROOT / 'configs/_base_/strategies/compile_video.py')),
    'asl_mix': load_config(str(ROOT / 'configs/_base_/strategies/compile_audio_visual.py')),
}


def train(method, depth, compiled):
    """Make three steps; return what they log and the weights."""
    torch._dynamo.reset()
    counters.clear()
    cfg = model_config(method)
    for name in {'backbone', 'audio_backbone'} & cfg['student'].keys():
        cfg['student'][name]['depth'] = depth
    model = build_model(cfg, torch.float64)
    record = {}
    with built_runner(model, record, 12, steps=3) as runner:
        if compiled:
            hook = MODULES[method].default_hooks.compile.to_dict()
            runner.register_hook({**hook, 'options': dict(backend='aot_eager')})
        runner.train()
    return record


@pytest.mark.parametrize(
    ('method', 'depth'), [('svformer', 1), pytest.param('asl_mix', 2, marks=pytest.mark.slow)]
)
def test_same_steps_in_whole_graphs_made_once(method, depth):
    plain, whole = train(method, depth, False), train(method, depth, True)
    modules = MODULES[method].default_hooks.compile.modules
    of_teacher = [name for name in modules if name.startswith('teacher')]
    # One of each, and one more of the teacher's, which predicts a single clip after training.
    assert counters['stats']['unique_graphs'] == len(modules) + len(of_teacher)
    assert not counters['graph_break']
    assert counters['frames']['total'] == counters['frames']['ok']
    for one, other in zip(whole['logs'], plain['logs'], strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    for name, value in whole['student'].items():
        assert torch.allclose(value, plain['student'][name], rtol=1e-9, atol=1e-12), name


def test_modules_that_are_not_there():
    model = build_model(model_config('svformer'), torch.float32)
    with built_runner(model, {}, 12) as runner:
        runner.register_hook(CompileHook(['student.nothing']))
        with pytest.raises(ConfigError, match=r'modules: Semi.* has no student\.nothing'):
            runner.train()
