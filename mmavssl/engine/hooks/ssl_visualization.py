"""Pictures of semi-supervised training: mixed clips, classes and confusions."""

from typing import Any

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range

#: Where the metric leaves its matrices.
CONFUSION = 'confusion'
DRAWS = ('add_clips', 'add_class_bars', 'add_confusion')


@HOOKS.register_module()
class SSLVisualizationHook(Hook):
    """Let an `ASLVisualizer` draw what the scalars of the log do not show.

    - ``mixed``: unlabeled clips of the iteration as the student saw them, with the
      localization map, the mask, and what was mixed. They are those of training, not drawn anew.
    - ``classes``: the threshold of each class, where the method has several, and which
      classes the pseudo labels that count were of, since the last picture.
    - ``confusion_<network>``: of each network that is validated.

    Nothing is drawn at random, so that training is the same with and without this hook.

    Args:
        interval: iterations between pictures of training.
        num_clips: clips in a picture.

    Raises:
        ValueError: one of them is below 1.
    """

    priority = 'LOW'  # after the threshold's update

    def __init__(self, interval: int = 100, num_clips: int = 4) -> None:
        self.interval = check_range('interval', interval, 1)
        self.num_clips = check_range('num_clips', num_clips, 1)
        self.mix: dict[str, Any] | None = None
        self.counts: Tensor | None = None
        self.is_due = False

    def before_run(self, runner: Runner) -> None:
        """Check that the visualizer can draw.

        Raises:
            ConfigError: it cannot.
        """
        if not all(hasattr(runner.visualizer, name) for name in DRAWS):
            raise ConfigError(
                "SSLVisualizationHook needs `visualizer=dict(type='ASLVisualizer', ...)`, but the "
                f'config has a {type(runner.visualizer).__name__}. Base the config on '
                'configs/_base_/visualization.py.'
            )

    def before_train(self, runner: Runner) -> None:
        """Watch the mixer and the threshold."""
        model = algorithm_of(runner)
        self.handles = []
        if isinstance(getattr(model, 'mixer', None), nn.Module):
            self.handles.append(model.mixer.register_forward_hook(self._see_mix, with_kwargs=True))
        if isinstance(getattr(model, 'threshold', None), nn.Module):
            self.handles.append(model.threshold.register_forward_hook(self._see_labels))

    def after_train(self, runner: Runner) -> None:
        """Watch no more."""
        for handle in self.handles:
            handle.remove()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Note whether this iteration is drawn."""
        self.is_due = self.every_n_train_iters(runner, self.interval)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Draw what the iteration has left."""
        if not self.is_due:
            return
        mix, counts = self.mix, self.counts
        self.mix = self.counts = None
        if mix:
            self._draw_mix(runner, mix, data_batch['data_samples']['unlabeled'])
        if counts is not None:
            self._draw_classes(runner, counts)

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the confusions that `MultiViewAccuracy` has left in the message hub."""
        classes = runner.val_dataloader.dataset.metainfo['classes']
        for network, confusion in runner.message_hub.get_info(CONFUSION, {}).items():
            name = f'confusion_{network}'
            runner.visualizer.add_confusion(name, confusion, classes, step=runner.iter)

    def _see_mix(self, mixer: nn.Module, args: tuple, kwargs: dict, mixed: tuple) -> None:
        if self.is_due:
            self.mix = dict(video=args[0][: self.num_clips].detach(), partner=args[2], mixed=mixed)

    def _see_labels(self, threshold: nn.Module, args: tuple, result: tuple) -> None:
        num_classes = args[0].shape[-1]
        if self.counts is None:
            self.counts = torch.zeros(num_classes, device=args[0].device)
        passed = (result.weight > 0).to(self.counts)
        self.counts.scatter_add_(0, result.label, passed)

    @master_only
    def _draw_mix(self, runner: Runner, mix: dict, samples: list) -> None:
        model, mixed = algorithm_of(runner), mix['mixed']
        frames = pictures(model, mix['video'])
        results = pictures(model, mixed.video[: len(frames)])
        clips = []
        for place, clip in enumerate(frames):
            partner, ratio = int(mix['partner'][place]), float(mixed.ratio[place])
            clips.append(
                dict(
                    frames=clip,
                    mixed=results[place],
                    title=f'{file_name(samples[place])}: {ratio:.2f} of it, '
                    f'{1 - ratio:.2f} of {file_name(samples[partner])}',
                    heatmap=None if mixed.heatmap is None else array(mixed.heatmap[place]),
                    masks={} if mixed.mask is None else {'mask': array(mixed.mask[place])},
                )
            )
        runner.visualizer.add_clips('mixed', clips, step=runner.iter + 1)

    @master_only
    def _draw_classes(self, runner: Runner, counts: Tensor) -> None:
        bars = {'pseudo labels that count': array(counts)}
        thresholds = getattr(algorithm_of(runner).threshold, 'class_thresholds', None)
        if thresholds is not None:
            bars['confidence threshold'] = array(thresholds())
        classes = runner.train_dataloader.dataset.metainfo['classes']
        runner.visualizer.add_class_bars('classes', bars, classes, step=runner.iter + 1)


def pictures(model: nn.Module, video: Tensor) -> list:
    """Return clips (B, 3, T, H, W) as a network gets them as uint8 arrays (T, H, W, 3) each."""
    shown = model.data_preprocessor.unnormalize(video.float()).clamp(0, 1) * 255
    return [array(clip) for clip in shown.round().byte().permute(0, 2, 3, 4, 1)]


def file_name(sample: Any) -> str:
    """Return the name of a clip's file, without its folder."""
    return str(sample.get('video_path', 'a clip')).rsplit('/', 1)[-1]


def array(tensor: Tensor) -> Any:
    """Return a tensor as a NumPy array."""
    if tensor.is_floating_point():
        tensor = tensor.float()  # NumPy has no bfloat16
    return tensor.detach().cpu().numpy()
