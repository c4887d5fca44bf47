"""The contact sheet and the page, made by the tool on real files."""

import base64
import importlib.util
import io
import re
import wave
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmavssl.apis.browse import ClipChoice, browse_clips
from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tool sets these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    spec = importlib.util.spec_from_file_location('browse', ROOT / 'tools/data/browse.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def options(avsprites_root):
    root = f'dataset.{{}}data_root={avsprites_root}'
    return [
        '--cfg-options', 'model.mixer.masker.localizer.init_cfg=None',
        *(f'train_dataloader.{root.format(name)}' for name in ('labeled.', 'unlabeled.')),
        f'test_dataloader.{root.format("")}',
    ]  # fmt: skip


def config(name, options):
    cfg = Config.fromfile(ROOT / 'configs' / name)
    cfg.merge_from_dict(dict(option.split('=', 1) for option in options[1:]))
    cfg.model.mixer.masker.localizer.init_cfg = None
    return cfg


class Page(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.text = [], ''
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.links += [(tag, value) for name, value in attrs if name in ('src', 'href')]

    def handle_data(self, data):
        self.text += data


def test_picture_and_page(tool, options, tmp_path, capsys):
    args = [str(ROOT / 'configs/asl_mix/avsprites_1shot.py'), '--num-clips', '2', *options]
    for folder in ('one', 'two'):
        assert tool.main([*args[:3], '--out', str(tmp_path / folder), *args[3:]]) == 0
    one, two = tmp_path / 'one', tmp_path / 'two'
    for name in ('contact_sheet.png', 'index.html'):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert np.asarray(Image.open(one / 'contact_sheet.png')).std() > 20
    page = Page((one / 'index.html').read_text('utf-8'))
    assert all(link.startswith(('data:', '#')) for _, link in page.links)
    for word in ('weak view', 'strong view', 'mixed clip', 'hidden'):
        assert word in page.text
    sounds = [link for tag, link in page.links if tag in ('audio', 'source')]
    assert len(sounds) >= 2
    with wave.open(io.BytesIO(base64.b64decode(sounds[0].partition(',')[2]))) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, round(1.93 * 16000))


def test_it_is_what_the_model_sees(options):
    cfg = config('asl_mix/avsprites_1shot.py', options)
    sheet = browse_clips(cfg, ClipChoice(indices=[3, 7], epoch=2))
    dataset = DATASETS.build(cfg.train_dataloader.dataset).unlabeled
    for card, index in zip(sheet.cards, (3, 7), strict=True):
        inputs = dataset[DrawIndex(index, 2)]['inputs']
        for title, name in (('weak view', 'weak'), ('strong view', 'strong')):
            view = card.views[title]
            video = inputs[name]['video'].permute(1, 2, 3, 0).numpy()
            assert np.abs(view.frames.astype(int) - video).max() <= 1
            torch.testing.assert_close(torch.from_numpy(view.logmel), inputs[name]['audio'])
    # The mixed clip has the tokens of this clip where the mask says so, its partner's elsewhere.
    first, partner = (card.views['strong view'].frames for card in sheet.cards)
    mix = sheet.cards[0].mix
    assert mix.partner == 1
    side = int(mix.mask.shape[1] ** 0.5)
    size = first.shape[1] // side
    mask = mix.mask.reshape(-1, side, side).repeat(size, 1).repeat(size, 2)[..., None]
    assert np.abs(mix.frames.astype(int) - np.where(mask, first, partner)).max() <= 1
    assert mix.mask.mean() == pytest.approx(mix.ratio, abs=1e-6)


@pytest.mark.parametrize(('view', 'other'), [('strong', 'weak'), ('weak', 'strong')])
def test_mixed_view_is_the_one_that_the_student_sees(options, view, other):
    cfg = config('asl_mix/avsprites_1shot.py', options)
    cfg.model.student_view = view
    first, partner = browse_clips(cfg, ClipChoice(indices=[3, 7])).cards
    assert first.mix.view == f'{view} view'
    side = int(first.mix.mask.shape[1] ** 0.5)
    size = first.mix.frames.shape[1] // side
    mask = first.mix.mask.reshape(-1, side, side).repeat(size, 1).repeat(size, 2)[..., None]

    def gap(name):
        frames = (card.views[f'{name} view'].frames for card in (first, partner))
        return np.abs(first.mix.frames.astype(int) - np.where(mask, *frames)).max()

    assert gap(view) <= 1
    assert gap(other) > 20


def test_labeled_clips_are_not_mixed(options):
    cfg = config('asl_mix/avsprites_1shot.py', options)
    cfg.model.student_view = 'weak'
    [card] = browse_clips(cfg, ClipChoice(stream='labeled', indices=[0])).cards
    assert 'weak view' in card.views
    assert card.mix is None


def test_missing_localizer_is_said(tool, options, tmp_path, capsys):
    args = [str(ROOT / 'configs/asl_mix/avsprites_1shot.py'), '--num-clips', '1']
    missing = 'model.mixer.masker.localizer.init_cfg.checkpoint=nowhere.pth'
    assert tool.main([*args, '--out', str(tmp_path), '--cfg-options', missing, *options[2:]]) == 0
    assert re.match(r'browse: The weights of the localizer, nowhere\.pth', capsys.readouterr().err)
    assert 'the masks shown are tube masks' in (tmp_path / 'index.html').read_text('utf-8')


@pytest.mark.parametrize('name', ['svformer', 'supervised'])
def test_other_methods(tool, avsprites_root, tmp_path, name):
    key = 'dataset' if name == 'supervised' else 'dataset.unlabeled'
    roots = [f'train_dataloader.{key}.data_root={avsprites_root}']
    if name == 'svformer':
        roots.append(f'train_dataloader.dataset.labeled.data_root={avsprites_root}')
    args = [str(ROOT / f'configs/{name}/avsprites_1shot.py'), '--num-clips', '1']
    assert tool.main([*args, '--out', str(tmp_path), '--cfg-options', *roots]) == 0
    text = Page((tmp_path / 'index.html').read_text('utf-8')).text
    assert ('mixed clip' in text) == (name == 'svformer')


def test_views_of_the_test_part(tool, options, tmp_path):
    args = [str(ROOT / 'configs/asl_mix/avsprites_1shot.py'), '--num-clips', '1', '--part', 'test']
    assert tool.main([*args, '--out', str(tmp_path), *options]) == 0
    text = Page((tmp_path / 'index.html').read_text('utf-8')).text
    assert 'clip 5, crop 3' in text


def test_bad_index_is_one_line(tool, options, tmp_path, capsys):
    args = [str(ROOT / 'configs/asl_mix/avsprites_1shot.py'), '--indices', '99']
    assert tool.main([*args, '--out', str(tmp_path), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith('browse: --indices: expected numbers from 0 to 31')
    assert error.count('\n') == 1
