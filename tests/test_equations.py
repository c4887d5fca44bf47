"""The paper's equations, one by one, against independent computations in plain loops.

The loops below share no code with the package: Python numbers, `math`, and single tensor entries.
"""

import math

import pytest
import torch
from torch import nn

from mmavssl.models.algorithms import SemiSupervisedRecognizer, SupervisedRecognizer
from mmavssl.models.losses import AVContrastiveLoss, MixLoss, consistency_loss
from mmavssl.models.losses.av_contrastive import diagonal_nce
from mmavssl.models.maskers import ASLGuided, FrameToken, RandomToken, TubeToken
from mmavssl.models.mixers import TokenMix
from mmavssl.models.recognizers import RecognizerOutput
from mmavssl.models.thresholds import FixedThreshold, FlexThreshold
from mmavssl.structures import AVDataSample


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def close(actual, expected, tolerance=1e-5):
    torch.testing.assert_close(
        torch.as_tensor(actual, dtype=torch.double).detach(),
        torch.as_tensor(expected, dtype=torch.double).detach(),
        atol=tolerance,
        rtol=tolerance,
    )


def loop_softmax(row):
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def loop_max(row):
    best = 0
    for index, value in enumerate(row):
        if value > row[best]:
            best = index
    return row[best], best


def loop_normalize(row):
    length = math.sqrt(sum(value * value for value in row))
    return [value / length for value in row]


def loop_nce(similarity):
    """Mean over rows of minus the log-share of the diagonal entry."""
    total = 0.0
    for i, row in enumerate(similarity):
        total -= math.log(math.exp(row[i]) / sum(math.exp(value) for value in row))
    return total / len(similarity)


def transpose(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def teacher_and_student(samples=12, classes=4, spread=2.0):
    probs = (spread * torch.randn(samples, classes)).softmax(dim=-1)
    return probs, torch.randn(samples, classes, requires_grad=True)


def assert_gradient(loss, *tensors):
    for tensor in tensors:
        (gradient,) = torch.autograd.grad(loss, tensor, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


class LinearRecognizer(nn.Module):
    """Two linear features and a linear head; clips are (B, 3, 2, 4, 4), sounds (B, 3, 2)."""

    def __init__(self):
        super().__init__()
        self.video, self.audio, self.head = nn.Linear(96, 5), nn.Linear(6, 5), nn.Linear(10, 3)

    def forward(self, video, audio):
        video_feat, audio_feat = self.video(video.flatten(1)), self.audio(audio.flatten(1))
        return RecognizerOutput(
            self.head(torch.cat([video_feat, audio_feat], dim=1)), video_feat, audio_feat
        )


def loop_recognize(network, video, audio):
    """Logits, video and audio features as lists of rows."""

    def linear(layer, row):
        layers = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        return [sum(w * x for w, x in zip(ws, row, strict=True)) + b for ws, b in layers]

    outputs = []
    for clip, sound in zip(video, audio, strict=True):
        features = linear(network.video, clip), linear(network.audio, sound)
        outputs.append((linear(network.head, features[0] + features[1]), *features))
    return [list(field) for field in zip(*outputs, strict=True)]


def linear_batch():
    """Two labeled and four unlabeled clips with sound."""

    def view(size):
        return {'video': torch.randn(size, 3, 2, 4, 4), 'audio': torch.randn(size, 3, 2)}

    inputs = {
        'labeled': {'weak': view(2)},
        'unlabeled': {'weak': view(4), 'strong': view(4)},
    }
    labeled = [AVDataSample().set_gt_label(label) for label in (2, 0)]
    unlabeled = [AVDataSample(metainfo={'sample_idx': i}) for i in range(4)]
    return inputs, {'labeled': labeled, 'unlabeled': unlabeled}


def loop_supervised(logits, labels):
    total = 0.0
    for z, label in zip(logits, labels, strict=True):
        total -= math.log(loop_softmax(z)[label])
    return total / len(labels)


def rows_of(view):
    return view['video'].flatten(1).tolist(), view['audio'].flatten(1).tolist()


def test_eq01_supervised_loss():
    model = SupervisedRecognizer(LinearRecognizer())
    inputs, samples = linear_batch()
    logits, _, _ = loop_recognize(model.student, *rows_of(inputs['labeled']['weak']))
    loss = model.loss(inputs, samples)['loss_sup']
    close(loss, loop_supervised(logits, [2, 0]))
    assert_gradient(loss, *model.student.parameters())


def test_eq02_consistency_with_soft_labels():
    probs, logits = teacher_and_student()
    total = 0.0
    for q, z in zip(probs.tolist(), logits.tolist(), strict=True):
        p = loop_softmax(z)
        total -= sum(q[c] * math.log(p[c]) for c in range(4))
    loss = consistency_loss(logits, probs)
    close(loss, total / 12)
    assert_gradient(loss, logits)


@pytest.mark.parametrize('tau', [0.0, 0.3, 0.6, 0.9])
def test_eq03_consistency_with_fixed_threshold(tau):
    probs, logits = teacher_and_student()
    total = 0.0
    for q, z in zip(probs.tolist(), logits.tolist(), strict=True):
        conf, label = loop_max(q)
        if conf >= tau:
            total -= math.log(loop_softmax(z)[label])
    pseudo = FixedThreshold(tau)(probs)
    loss = consistency_loss(logits, pseudo.label, pseudo.weight)
    close(loss, total / 12)
    assert_gradient(loss, logits)


@pytest.mark.parametrize('warmup', [True, False])
def test_eq04_consistency_with_flexible_threshold(warmup):
    tau, pool, classes = 0.45, 20, 4
    threshold = FlexThreshold(tau, warmup=warmup)
    threshold.setup(pool, classes)
    memory, beta = [-1] * pool, [0.0] * classes
    rejected = 0
    for _ in range(12):
        probs, logits = teacher_and_student(spread=1.0)
        probs = (probs + 0.2 * torch.tensor([1.0, 0.4, 0.1, 0.1])).div(1.32)
        index = torch.randint(pool, (12,))

        total = 0.0
        predictions = [loop_max(q) for q in probs.tolist()]
        for (conf, label), z in zip(predictions, logits.tolist(), strict=True):
            if conf >= tau * beta[label] / (2 - beta[label]):
                total -= math.log(loop_softmax(z)[label])
            else:
                rejected += 1
        pseudo = threshold(probs, index)
        loss = consistency_loss(logits, pseudo.label, pseudo.weight)
        close(loss, total / 12)
        assert_gradient(loss, logits)

        threshold.update(probs, index)
        for (conf, label), position in zip(predictions, index.tolist(), strict=True):
            if conf >= tau:
                memory[position] = label
        counts = [sum(1 for label in memory if label == c) for c in range(classes)]
        unused = sum(1 for label in memory if label == -1)
        largest = max([*counts, unused] if warmup else counts)
        beta = [count / largest if largest else 0.0 for count in counts]
    assert rejected > 0


@pytest.mark.parametrize('masker', [TubeToken(), RandomToken(), FrameToken()])
def test_eq05_token_mix(masker):
    """E_m = M * E_1 + (1 - M) * E_2 on the tokens of a patch embedding, token by token."""
    patch, rows, columns = 4, 2, 3
    video, partner = torch.randn(3, 3, 2, rows * patch, columns * patch), [2, 0, 1]
    result = TokenMix(masker, patch_size=patch)(video, None, torch.tensor(partner))
    embed = nn.Conv2d(3, 5, kernel_size=patch, stride=patch)
    weight, bias = embed.weight.detach().flatten(1), embed.bias.detach()

    def token(clips, b, t, n):
        y, x = n // columns * patch, n % columns * patch
        return weight @ clips[b, :, t, y : y + patch, x : x + patch].flatten() + bias

    for b in range(3):
        for t in range(2):
            mixed = embed(result.video[b, :, t]).detach().flatten(1)
            for n in range(rows * columns):
                m = float(result.mask[b, t, n])
                expected = m * token(video, b, t, n) + (1 - m) * token(video, partner[b], t, n)
                close(mixed[:, n], expected)


def test_eq06_audio_mix():
    """a_m = λ a_1 + (1 - λ) a_2 with λ the share of the first clip's tokens."""
    video, audio, partner = torch.randn(4, 3, 2, 8, 8), torch.randn(4, 6, 5), [1, 2, 3, 0]
    result = TokenMix(RandomToken(), patch_size=2)(video, audio, torch.tensor(partner))
    for b in range(4):
        kept = sum(1 for t in range(2) for n in range(16) if result.mask[b, t, n])
        ratio = kept / 32
        close(result.ratio[b], ratio)
        for i in range(6):
            for j in range(5):
                expected = ratio * audio[b, i, j] + (1 - ratio) * audio[partner[b], i, j]
                close(result.audio[b, i, j], expected)


def loop_mix_loss(kind, gate, z, q, tau, partner, ratio):
    samples, classes = len(z), len(z[0])
    passed, targets = [], []
    for row in q:
        conf, label = loop_max(row)
        passed.append(1.0 if conf >= tau else 0.0)
        one_hot = [1.0 if c == label else 0.0 for c in range(classes)]
        targets.append(one_hot if conf >= tau else row)
    total = 0.0
    for i in range(samples):
        j, r = partner[i], ratio[i]
        target = [r * targets[i][c] + (1 - r) * targets[j][c] for c in range(classes)]
        p = loop_softmax(z[i])
        if kind == 'mse_logit':
            distance = sum((z[i][c] - target[c]) ** 2 for c in range(classes)) / classes
        elif kind == 'mse_prob':
            distance = sum((p[c] - target[c]) ** 2 for c in range(classes)) / classes
        else:
            distance = -sum(target[c] * math.log(p[c]) for c in range(classes))
        weights = {
            'convex': r * passed[i] + (1 - r) * passed[j],
            'both': passed[i] * passed[j],
            'none': 1.0,
        }
        total += weights[gate] * distance
    return total / samples


@pytest.mark.parametrize('kind', ['mse_logit', 'mse_prob', 'ce'])
@pytest.mark.parametrize('gate', ['convex', 'both', 'none'])
def test_eq10_mix_loss(kind, gate):
    tau = 0.6
    probs, logits = teacher_and_student()
    partner, ratio = torch.randperm(12), torch.rand(12)
    pseudo = FixedThreshold(tau)(probs)
    assert 0 < pseudo.weight.sum() < 12
    loss = MixLoss(kind, gate)(logits, probs, pseudo, partner, ratio)
    expected = loop_mix_loss(
        kind, gate, logits.tolist(), probs.tolist(), tau, partner.tolist(), ratio.tolist()
    )
    close(loss, expected)
    assert_gradient(loss, logits)


def loop_token_weights(grid, height, width, floor):
    """Bilinear interpolation of one frame's map, min-max, floor."""
    size = len(grid)
    values = []
    for row in range(height):
        for column in range(width):
            y = min(max((row + 0.5) * size / height - 0.5, 0), size - 1)
            x = min(max((column + 0.5) * size / width - 0.5, 0), size - 1)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, size - 1), min(x0 + 1, size - 1)
            dy, dx = y - y0, x - x0
            values.append(
                (1 - dy) * (1 - dx) * grid[y0][x0]
                + (1 - dy) * dx * grid[y0][x1]
                + dy * (1 - dx) * grid[y1][x0]
                + dy * dx * grid[y1][x1]
            )
    low, high = min(values), max(values)
    return [max((value - low) / (high - low), floor) for value in values]


def test_mask_from_map_after_eq12():
    """Interpolate, min-max, draw one token after the other without replacement (section 3.3)."""

    class Localizer(nn.Module):
        def forward(self, frames, audio):
            return maps

    maps, ratio = torch.randn(2, 3, 3, 3), torch.tensor([0.3, 0.7])
    frames, audio = torch.rand(2, 3, 3, 24, 24), torch.rand(2, 8, 8)
    masker = ASLGuided(Localizer())
    torch.manual_seed(1)
    result = masker(ratio, (3, 6, 6), frames, audio)
    torch.manual_seed(1)
    noise = torch.empty(2, 3, 36).exponential_()
    for b, count in enumerate((11, 25)):
        for t in range(3):
            weights = loop_token_weights(maps[b, t].tolist(), 6, 6, 1e-3)
            close(result.heatmap[b, t].flatten().clamp(min=1e-3), weights)
            left, kept = list(range(36)), []
            while len(kept) < count:
                first = min(left, key=lambda n: float(noise[b, t, n]) / weights[n])
                left.remove(first)
                kept.append(first)
            assert sorted(kept) == result.mask[b, t].nonzero().flatten().tolist()
        close(result.ratio[b], count / 36)


def three_groups(width=6):
    """z_v and z_a of 1 labeled, 3 unlabeled and 3 mixed clips."""
    video = [torch.randn(count, width, requires_grad=True) for count in (1, 3, 3)]
    audio = [torch.randn(count, width, requires_grad=True) for count in (1, 3, 3)]
    return video, audio


def loop_similarity(video, audio, temperature):
    rows = [loop_normalize(row) for part in video for row in part.tolist()]
    columns = [loop_normalize(row) for part in audio for row in part.tolist()]
    return [
        [sum(v * a for v, a in zip(row, column, strict=True)) / temperature for column in columns]
        for row in rows
    ]


def test_eq13_features_of_all_clips_are_stacked():
    """Labeled, unlabeled and mixed clips are each other's negatives, in both modalities."""
    video, audio = three_groups()
    loss = AVContrastiveLoss()
    stacked = loss(torch.cat(video), torch.cat(audio))
    similarity = loop_similarity(video, audio, 0.07)
    assert len(similarity) == 7
    close(stacked, (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2)
    apart = sum(loss(v, a) * len(v) for v, a in zip(video, audio, strict=True)) / 7
    assert stacked > apart + 0.1
    assert_gradient(stacked, *video, *audio)


def test_eq14_features_are_normalized():
    video, audio = torch.randn(4, 5), torch.randn(4, 5)
    similarity = AVContrastiveLoss(temperature=1.0).similarity(video, audio)
    for i in range(4):
        for j in range(4):
            lengths = math.dist(video[i].tolist(), [0] * 5) * math.dist(audio[j].tolist(), [0] * 5)
            close(similarity[i, j] * lengths, float(video[i] @ audio[j]))


def test_eq15_similarity():
    video, audio = three_groups()
    actual = AVContrastiveLoss(temperature=0.2).similarity(torch.cat(video), torch.cat(audio))
    close(actual, loop_similarity(video, audio, 0.2))


def test_eq16_video_to_audio():
    video, audio = three_groups()
    similarity = AVContrastiveLoss(0.2).similarity(torch.cat(video), torch.cat(audio))
    loss = diagonal_nce(similarity)
    close(loss, loop_nce(loop_similarity(video, audio, 0.2)))
    assert_gradient(loss, *video, *audio)


def test_eq17_audio_to_video():
    video, audio = three_groups()
    similarity = AVContrastiveLoss(0.2).similarity(torch.cat(video), torch.cat(audio))
    loss = diagonal_nce(similarity.T)
    close(loss, loop_nce(transpose(loop_similarity(video, audio, 0.2))))
    assert_gradient(loss, *video, *audio)


def test_eq18_contrastive_loss_is_the_mean_of_both_directions():
    video, audio = three_groups()
    loss = AVContrastiveLoss(0.2)(torch.cat(video), torch.cat(audio))
    similarity = loop_similarity(video, audio, 0.2)
    close(loss, (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2)
    assert_gradient(loss, *video, *audio)


def loop_mix_clips(view, partner, mask):
    """Mix clips (3, 2, 4, 4) by blocks of 2 x 2 pixels, and sounds (3, 2) by the share kept."""
    videos, audios, ratios = [], [], []
    for b, other in enumerate(partner):
        kept = sum(mask[b][t][n] for t in range(2) for n in range(4))
        ratios.append(kept / 8)
        clip = []
        for c in range(3):
            for t in range(2):
                for y in range(4):
                    for x in range(4):
                        source = b if mask[b][t][y // 2 * 2 + x // 2] else other
                        clip.append(float(view['video'][source, c, t, y, x]))
        videos.append(clip)
        pairs = zip(*(view['audio'][i].flatten().tolist() for i in (b, other)), strict=True)
        audios.append([ratios[b] * first + (1 - ratios[b]) * second for first, second in pairs])
    return videos, audios, ratios


@pytest.mark.parametrize(
    'weights', [None, {'unsup': 3.0, 'mix': 0.5, 'contrast': 0.7}], ids=['paper', 'other']
)
def test_eq19_total_loss(weights):
    tau = 0.7
    model = SemiSupervisedRecognizer(
        LinearRecognizer(),
        FixedThreshold(tau),
        TokenMix(TubeToken(), patch_size=2),
        contrast=AVContrastiveLoss(),
        loss_weights=weights,
    )
    for parameter in model.teacher.parameters():
        nn.init.normal_(parameter, std=0.2)
    inputs, samples = linear_batch()
    seen = []
    model.mixer.register_forward_hook(lambda _, args, result: seen.append((args, result)))
    losses = model.loss(inputs, samples)
    [((_, _, partner), result)] = seen
    partner = partner.tolist()
    weak, strong = (inputs['unlabeled'][name] for name in ('weak', 'strong'))

    q = [loop_softmax(z) for z in loop_recognize(model.teacher, *rows_of(weak))[0]]
    labeled = loop_recognize(model.student, *rows_of(inputs['labeled']['weak']))
    unlabeled = loop_recognize(model.student, *rows_of(strong))
    clips, sounds, ratio = loop_mix_clips(strong, partner, result.mask.tolist())
    mixed = loop_recognize(model.student, clips, sounds)

    unsup, accepted = 0.0, 0
    for row, z in zip(q, unlabeled[0], strict=True):
        conf, label = loop_max(row)
        if conf >= tau:
            unsup -= math.log(loop_softmax(z)[label]) / 4
            accepted += 1
    assert 0 < accepted < 4
    mix = loop_mix_loss('mse_logit', 'convex', mixed[0], q, tau, partner, ratio)
    groups = (labeled, unlabeled, mixed)
    video, audio = ([torch.tensor(group[field]) for group in groups] for field in (1, 2))
    similarity = loop_similarity(video, audio, 0.07)
    contrast = (loop_nce(similarity) + loop_nce(transpose(similarity))) / 2

    gamma = weights or {'unsup': 2.0, 'mix': 2.0, 'contrast': 0.1}
    expected = {
        'loss_sup': loop_supervised(labeled[0], [2, 0]),
        'loss_unsup': gamma['unsup'] * unsup,
        'loss_mix': gamma['mix'] * mix,
        'loss_contrast': gamma['contrast'] * contrast,
    }
    for name, value in expected.items():
        close(losses[name], value)
        assert value > 0.01, name
    total, _ = model.parse_losses(losses)
    close(total, sum(expected.values()))
    assert_gradient(total, *model.student.parameters())
