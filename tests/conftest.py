"""What tests of several folders share: a small AVSprites data set, and files of single kinds."""

import gc
import logging
import os
import signal
import wave
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer
from timm.layers import weight_init

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.splits import make_split
from mmavssl.models.backbones import vit_layers
from mmavssl.registry import LOCALIZERS, MASKERS
from mmavssl.visualization import ASLVisualizer

#: Of what MMEngine keeps one for the whole process.
OF_A_PROCESS = (MMLogger, MessageHub, DefaultScope, Visualizer, ASLVisualizer)
#: That our tools answer; `SIGCHLD` is torch's, which sets it once.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

if 'PYTEST_XDIST_WORKER' in os.environ:  # one of several processes, each with a core
    os.environ['OMP_NUM_THREADS'] = '1'  # of processes that tests start
    torch.set_num_threads(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the garbage collector, which MMEngine calls for each data set, pass over modules."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope='session', autouse=True)
def spared_work() -> Iterator[None]:
    """Leave out what takes most of the time of short runs, and no test looks at.

    For each run, MMEngine lays out the config four times and asks compilers for their versions;
    tensors of the meta device would get their initial values by kernels in Python; torch waits for
    data workers that hang when their loader is garbage, in whatever test that is.
    """
    draw = weight_init._trunc_normal_
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))
        patch.setattr('mmengine.runner.runner.collect_env', dict)
        patch.setattr('torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL', 0.2)
        patch.setattr(
            weight_init, '_trunc_normal_',
            lambda tensor, *args: tensor if tensor.is_meta else draw(tensor, *args),
        )  # fmt: skip
        yield


@pytest.fixture(autouse=True)
def process_that_begins() -> Iterator[None]:
    """Let a test find no logger, message hub, default scope and visualizer, and leave none.

    Those of another test say an epoch, a scope, or write to a stream that is closed by now. What
    fixtures of more than a test have made is there again afterwards, for the next of theirs. A
    tool's answers to signals end with its test as well: they would save a run that is over.
    """
    answers = {each: signal.getsignal(each) for each in SIGNALS}
    before = {kind: kind._instance_dict for kind in OF_A_PROCESS}
    for kind in OF_A_PROCESS:
        kind._instance_dict = OrderedDict()
    yield
    for logger in MMLogger._instance_dict.values():
        close_files(logger)
    for kind, instances in before.items():
        kind._instance_dict = instances
    for each, answer in answers.items():
        signal.signal(each, answer)


def close_files(logger: MMLogger) -> None:
    """Close the files of a logger, and leave its streams, which are not its own."""
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()


@pytest.fixture
def own_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the localizers and maskers of a test's plugin: messages name all that there are."""
    for registry in (LOCALIZERS, MASKERS):
        registry.import_from_location()
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))


@pytest.fixture(scope='session')
def avsprites_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 40 training and 8 test clips with a split of one label per class."""
    root = tmp_path_factory.mktemp('data') / 'avsprites'
    generate(root, AVSpritesConfig(get_recipe('default'), num_train=40, num_test=8), workers=1)
    make_split(
        root / 'manifest_train.csv', root / 'classes.txt', root / 'splits/1shot_seed0', shots=1
    )
    return root


@pytest.fixture(scope='session')
def remove_sound() -> Callable[[Path], None]:
    """Return a function that leaves the pictures of a file as they are, and nothing else."""

    def remove(path: Path) -> None:
        silent = path.with_name('silent.mp4')
        with av.open(str(path)) as source, av.open(str(silent), 'w') as target:
            pictures = source.streams.video[0]
            stream = target.add_stream_from_template(pictures)
            for packet in source.demux(pictures):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        silent.replace(path)

    return remove


@pytest.fixture(scope='session')
def write_frame() -> Callable[..., None]:
    """Return a function that writes a picture of noise, JPEG or PNG by its suffix."""

    def write(path: Path, size: tuple[int, int] = (48, 36), seed: int = 0) -> None:
        width, height = size
        picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)

    return write


@pytest.fixture(scope='session')
def write_sound() -> Callable[..., None]:
    """Return a function that writes a WAV file, of a tone or of given samples in [-1, 1]."""

    def write(
        path: Path, seconds: float = 1.0, samples: np.ndarray | None = None, rate: int = 16000
    ) -> None:
        if samples is None:
            samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), 'wb') as file:
            file.setparams((1, 2, rate, len(samples), 'NONE', ''))
            file.writeframes((samples * 32767).round().astype('<i2').tobytes())

    return write


@pytest.fixture(params=['products', 'fused'])
def attention_form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let short sequences take plain products, as shipped for CPUs, or the fused kernel."""
    if request.param == 'fused':
        monkeypatch.setattr(vit_layers, 'CPU_SHORT_SEQUENCE', 0)
    return request.param
