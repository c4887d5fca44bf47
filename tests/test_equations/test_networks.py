"""Eq. 7-9 (recognizer) and 11-12 (localizer) against plain loops over Python numbers.

The loops take the weights of the networks and nothing else from the package.
"""

import math

import pytest
import torch
from torch import nn

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.fusions import TransformerFusion
from mmavssl.models.heads import ClsHead
from mmavssl.models.localizers import FNACLocalizer
from mmavssl.models.recognizers import AVRecognizer

CLIPS, FRAMES, SIDE, PATCH, WIDTH, HEADS = 2, 2, 4, 2, 4, 2
LOGMEL = (6, 4)  # frames, mel bins
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def close(actual, expected):
    expected = torch.tensor(expected, dtype=torch.double)
    torch.testing.assert_close(actual.detach(), expected, atol=1e-5, rtol=1e-5)


def randomize(network):
    """Give every number of a network a random value, so that nothing is hidden behind a zero."""
    torch.manual_seed(0)
    for name, tensor in network.named_parameters():
        is_scale = tensor.dim() == 1 and name.endswith('weight')
        nn.init.normal_(tensor, mean=float(is_scale), std=0.4)
    for name, tensor in network.named_buffers():
        if 'running' in name:
            nn.init.uniform_(tensor, 0.5, 1.5)
    return network.double().eval()


# Vectors are lists of numbers.


def add(*rows):
    return [sum(values) for values in zip(*rows, strict=True)]


def dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


def mean(rows):
    return [value / len(rows) for value in add(*rows)]


def linear(row, weight, bias):
    return [dot(line, row) + b for line, b in zip(weight.tolist(), bias.tolist(), strict=True)]


def through(layer, row):
    return linear(row, layer.weight, layer.bias)


def layer_norm(layer, row, eps):
    centre = sum(row) / len(row)
    spread = math.sqrt(sum((x - centre) ** 2 for x in row) / len(row) + eps)
    scales = zip(row, layer.weight.tolist(), layer.bias.tolist(), strict=True)
    return [(x - centre) / spread * weight + bias for x, weight, bias in scales]


def attention(rows, project_in, project_out):
    """Multi-head self-attention of one sequence; both projections are (weight, bias)."""
    size = len(rows[0]) // HEADS
    joint = [linear(row, *project_in) for row in rows]
    outputs = [[] for _ in rows]
    for head in range(HEADS):
        begins = [(part * HEADS + head) * size for part in range(3)]
        q, k, v = ([row[begin : begin + size] for row in joint] for begin in begins)
        for i, query in enumerate(q):
            powers = [math.exp(dot(query, key) / math.sqrt(size)) for key in k]
            share = [power / sum(powers) for power in powers]
            outputs[i] += [
                sum(s * value[d] for s, value in zip(share, v, strict=True)) for d in range(size)
            ]
    return [linear(row, *project_out) for row in outputs]


def vit_attention(layer, norm, rows):
    rows = [layer_norm(norm, row, 1e-6) for row in rows]
    qkv, proj = layer.qkv, layer.proj
    return attention(rows, (qkv.weight, qkv.bias), (proj.weight, proj.bias))


def vit_mlp(block, row):
    hidden = through(block.mlp.fc1, layer_norm(block.norm2, row, 1e-6))
    hidden = [0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in hidden]
    return add(row, through(block.mlp.fc2, hidden))


def video_token(network, clip, time, top, left):
    """Embed one patch of a clip (3, T, H, W)."""
    proj = network.patch_embed.proj
    kernel, token = proj.weight.tolist(), proj.bias.tolist()
    for d in range(WIDTH):
        for c in range(3):
            for y in range(PATCH):
                for x in range(PATCH):
                    token[d] += kernel[d][c][y][x] * clip[c][time][top + y][left + x]
    return token


def video_encoder(network, clip):
    """Divided space-time attention on a clip (3, T, H, W); tokens are patches[place][time]."""
    position, time = network.pos_embed[0].tolist(), network.time_embed[0].tolist()
    patches = []
    for top in range(0, SIDE, PATCH):
        for left in range(0, SIDE, PATCH):
            place = position[1 + len(patches)]
            tokens = [video_token(network, clip, t, top, left) for t in range(FRAMES)]
            patches.append([add(token, place, time[t]) for t, token in enumerate(tokens)])
    cls = add(network.cls_token[0, 0].tolist(), position[0])

    for block in network.blocks:
        for n, tube in enumerate(patches):
            changes = vit_attention(block.temporal_attn, block.temporal_norm1, tube)
            changes = [through(block.temporal_fc, change) for change in changes]
            patches[n] = [add(row, change) for row, change in zip(tube, changes, strict=True)]
        cls_changes = []
        for t in range(FRAMES):
            frame = [cls, *(tube[t] for tube in patches)]
            changes = vit_attention(block.attn, block.norm1, frame)
            cls_changes.append(changes[0])
            for n, tube in enumerate(patches):
                tube[t] = add(tube[t], changes[1 + n])
        cls = vit_mlp(block, add(cls, mean(cls_changes)))
        patches = [[vit_mlp(block, row) for row in tube] for tube in patches]
    return layer_norm(network.norm, cls, 1e-6)


def audio_encoder(network, logmel):
    """Transformer over patches of a log-mel (frames, bins), low frequencies first."""
    proj = network.patch_embed.proj
    kernel, bias = proj.weight.tolist(), proj.bias.tolist()
    tokens = [network.cls_token[0, 0].tolist()]
    for low in range(0, LOGMEL[1], PATCH):
        for first in range(0, LOGMEL[0], PATCH):
            token = list(bias)
            for d in range(WIDTH):
                for f in range(PATCH):
                    for t in range(PATCH):
                        token[d] += kernel[d][0][f][t] * logmel[first + t][low + f]
            tokens.append(token)
    tokens = [add(*pair) for pair in zip(tokens, network.pos_embed[0].tolist(), strict=True)]
    for block in network.blocks:
        changes = vit_attention(block.attn, block.norm1, tokens)
        tokens = [vit_mlp(block, add(*pair)) for pair in zip(tokens, changes, strict=True)]
    return layer_norm(network.norm, tokens[0], 1e-6)


def fuse(network, video_feat, audio_feat):
    """Transformer encoder layers with the norm after each residual."""
    tokens = [video_feat + audio_feat] if network.mode == 'concat' else [video_feat, audio_feat]
    for layer in network.layers:
        joint, out = layer.self_attn, layer.self_attn.out_proj
        project_in = joint.in_proj_weight, joint.in_proj_bias
        changes = attention(tokens, project_in, (out.weight, out.bias))
        for i, (row, change) in enumerate(zip(tokens, changes, strict=True)):
            row = layer_norm(layer.norm1, add(row, change), 1e-5)
            hidden = [max(x, 0.0) for x in through(layer.linear1, row)]
            row = add(row, through(layer.linear2, hidden))
            tokens[i] = layer_norm(layer.norm2, row, 1e-5)
    return [value for row in tokens for value in row]


def make_recognizer(mode='concat'):
    return randomize(
        AVRecognizer(
            TimeSformer(
                img_size=SIDE, patch_size=PATCH, num_frames=FRAMES, embed_dims=WIDTH, depth=2,
                num_heads=HEADS,
            ),
            ClsHead(2 * WIDTH, 3),
            ASTEncoder(
                WIDTH, depth=2, num_heads=HEADS, num_mel_bins=LOGMEL[1], num_frames=LOGMEL[0],
                patch_size=PATCH, stride=PATCH,
            ),
            TransformerFusion(
                WIDTH, WIDTH, mode, num_layers=2, num_heads=HEADS, feedforward_channels=6
            ),
        )
    )  # fmt: skip


@pytest.fixture(scope='module')
def clips():
    generator = torch.Generator().manual_seed(1)
    video = torch.randn(CLIPS, 3, FRAMES, SIDE, SIDE, generator=generator)
    return video.double(), torch.randn(CLIPS, *LOGMEL, generator=generator).double()


@pytest.mark.usefixtures('attention_form')
def test_eq07_video_feature(clips):
    """z_v = F_v([cls; E])_0: the class token of the video transformer."""
    network = make_recognizer()
    expected = [video_encoder(network.backbone, clip) for clip in clips[0].tolist()]
    close(network(*clips).video_feat, expected)


@pytest.mark.usefixtures('attention_form')
def test_eq08_audio_feature(clips):
    """z_a = F_a([cls; E])_0: the class token of the audio transformer."""
    network = make_recognizer()
    expected = [audio_encoder(network.audio_backbone, sound) for sound in clips[1].tolist()]
    close(network(*clips).audio_feat, expected)


@pytest.mark.parametrize('mode', ['concat', 'token'])
def test_eq09_prediction(clips, mode):
    """p = softmax(head(fusion([z_v; z_a])))."""
    network = make_recognizer(mode)
    expected = []
    for clip, sound in zip(*(part.tolist() for part in clips), strict=True):
        features = (
            video_encoder(network.backbone, clip),
            audio_encoder(network.audio_backbone, sound),
        )
        logits = through(network.head.fc, fuse(network.fusion, *features))
        powers = [math.exp(value) for value in logits]
        expected.append([power / sum(powers) for power in powers])
    close(network(*clips).logits.softmax(dim=-1), expected)


# Images are lists [channel][row][column].


def convolve(image, layer, stride, padding):
    """Convolution with zeros around the image; a bias where the layer has one."""
    kernel, height, width = layer.weight.tolist(), len(image[0]), len(image[0][0])
    size = len(kernel[0][0])
    bias = layer.bias.tolist() if layer.bias is not None else [0.0] * len(kernel)
    rows = range(-padding, height + padding - size + 1, stride)
    columns = range(-padding, width + padding - size + 1, stride)

    def at(filters, top, left):
        total = 0.0
        for plane, weights in zip(image, filters, strict=True):
            for y in range(max(top, 0), min(top + size, height)):
                for x in range(max(left, 0), min(left + size, width)):
                    total += plane[y][x] * weights[y - top][x - left]
        return total

    return [
        [[at(filters, top, left) + b for left in columns] for top in rows]
        for filters, b in zip(kernel, bias, strict=True)
    ]


def batch_norm(layer, image):
    fields = (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    numbers = zip(image, *(field.tolist() for field in fields), strict=True)
    return [
        [[(x - m) / math.sqrt(v + layer.eps) * weight + bias for x in row] for row in plane]
        for plane, m, v, weight, bias in numbers
    ]


def relu(image):
    return [[[max(x, 0.0) for x in row] for row in plane] for plane in image]


def max_pool(image):
    """The largest of 3 x 3, at every other place."""
    height, width = len(image[0]), len(image[0][0])
    return [
        [
            [
                max(
                    plane[y][x]
                    for y in range(max(top - 1, 0), min(top + 2, height))
                    for x in range(max(left - 1, 0), min(left + 2, width))
                )
                for left in range(0, width, 2)
            ]
            for top in range(0, height, 2)
        ]
        for plane in image
    ]


def trunk(network, image):
    """Stem and residual stages of a ResNet with basic blocks."""
    image = max_pool(relu(batch_norm(network.bn1, convolve(image, network.conv1, 2, 3))))
    for number, stage in enumerate((network.layer1, network.layer2)):
        for index, block in enumerate(stage):
            stride = 2 if number == 1 and index == 0 else 1
            out = relu(batch_norm(block.bn1, convolve(image, block.conv1, stride, 1)))
            out = batch_norm(block.bn2, convolve(out, block.conv2, 1, 1))
            if stride == 2:
                conv, norm = block.downsample
                image = batch_norm(norm, convolve(image, conv, stride, 0))
            planes = zip(image, out, strict=True)
            image = relu([[add(*pair) for pair in zip(*pl, strict=True)] for pl in planes])
    return image


def unit(row):
    length = math.sqrt(dot(row, row))
    return [value / length for value in row]


def embed_frame(localizer, frame):
    """Unit vectors of the places of a frame (3, H, W), row by row."""
    image = [
        [[(x - m) / s for x in row] for row in plane]
        for plane, m, s in zip(frame, MEAN, STD, strict=True)
    ]
    planes = convolve(trunk(localizer.imgnet, image), localizer.img_proj, 1, 0)
    places = zip(*([x for row in plane for x in row] for plane in planes), strict=True)
    return [unit(place) for place in places]


def embed_sound(localizer, logmel):
    """Unit vector of a log-mel (frames, bins): the largest response of each channel."""
    image = [[list(column) for column in zip(*logmel, strict=True)]]
    peaks = [max(x for row in plane for x in row) for plane in trunk(localizer.audnet, image)]
    return unit(through(localizer.aud_proj, peaks))


@pytest.fixture(scope='module')
def scene():
    """Two clips of two frames in [0, 1] with their sounds."""
    generator = torch.Generator().manual_seed(2)
    frames = torch.rand(2, 2, 3, 16, 24, generator=generator)
    return frames.double(), torch.randn(2, 24, 16, generator=generator).double()


def make_localizer(**kwargs):
    return randomize(FNACLocalizer(num_stages=2, base_channels=4, out_dims=6, **kwargs))


@pytest.fixture(scope='module')
def embeddings(scene):
    """By the loops: vectors[clip][frame][place], and one vector per sound."""
    localizer = make_localizer()
    frames, sounds = (part.tolist() for part in scene)
    visual = [[embed_frame(localizer, frame) for frame in clip] for clip in frames]
    return visual, [embed_sound(localizer, sound) for sound in sounds]


def test_eq11_features_of_places_and_sound(scene, embeddings):
    """V and A, which Eq. 11 and 12 multiply: projected to one space, of length one."""
    localizer, (frames, sounds) = make_localizer(), scene
    visual, audio = embeddings
    ours = localizer.embed_frames(frames.flatten(0, 1)).flatten(2).transpose(1, 2)
    close(ours.unflatten(0, (2, 2)), visual)
    close(localizer.embed_audio(sounds), audio)
    assert ours.std(dim=1).min() > 1e-3  # places differ


@pytest.mark.parametrize('kind', ['cosine', 'affinity'])
def test_eq12_map(scene, embeddings, kind):
    """MAP at each place: V · A, also averaged by the visual attention softmax(V Vᵀ) of Eq. 11."""
    maps = []
    for clip, sound in zip(*embeddings, strict=True):
        for places in clip:
            cosines = [dot(place, sound) for place in places]
            if kind == 'affinity':
                powers = [[math.exp(dot(i, j) / 0.03) for j in places] for i in places]
                cosines = [dot(row, cosines) / sum(row) for row in powers]
            maps.append([cosines[:3], cosines[3:]])
    ours = make_localizer(map=kind)(*scene)
    assert ours.shape == (2, 2, 2, 3)
    close(ours.flatten(0, 1), maps)
    assert ours.flatten(2).std(dim=2).min() > 1e-3
