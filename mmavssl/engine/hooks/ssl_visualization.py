"""Pictures of semi-supervised training: mixed clips, classes, confusions, teacher and student."""

from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmavssl.engine.pseudo_label_counts import (
    LabelCounts,
    PseudoLabelCounts,
    hidden_labels,
    thresholds_of,
)
from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range

#: Where the metric leaves its matrices, and what two networks have in common.
CONFUSION, AGREEMENT = 'confusion', 'agreement'
DRAWS = ('add_clips', 'add_class_bars', 'add_confusion', 'add_networks')


@HOOKS.register_module()
class SSLVisualizationHook(Hook):
    """Let an `ASLVisualizer` draw what the scalars of the log do not show.

    - ``mixed``: unlabeled clips of the iteration as the student saw them, with the
      localization map, the mask, and what was mixed. They are those of training, not drawn anew.
    - ``classes``: which classes the pseudo labels that count were of since the last picture, on
      all ranks; how many of them were right, where hidden labels are known; and the threshold of
      each class, where the method has several.
    - ``confusion_<network>``: of each network that is validated.
    - ``student_teacher``: the accuracy of both in each class, and how often they agree, where
      both are validated.

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
        self.counts: dict[str, PseudoLabelCounts] = {}
        self.hidden: list[int] = []
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
        """Watch the mixer, and begin to count."""
        model = algorithm_of(runner)
        self.handles = []
        if isinstance(getattr(model, 'mixer', None), nn.Module):
            self.handles.append(model.mixer.register_forward_hook(self._see_mix, with_kwargs=True))
        device = next(model.parameters()).device
        for name in thresholds_of(model):
            num_classes = len(runner.train_dataloader.dataset.metainfo['classes'])
            self.counts[name] = PseudoLabelCounts(num_classes, device)

    def after_train(self, runner: Runner) -> None:
        """Watch no more."""
        for handle in self.handles:
            handle.remove()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Note whether this iteration is drawn, and which labels are hidden from training."""
        self.is_due = self.every_n_train_iters(runner, self.interval)
        self.hidden = hidden_labels(data_batch)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Count and draw what the iteration has left; all processes add up their pseudo labels."""
        self._count_labels(algorithm_of(runner))
        if not self.is_due:
            return
        mix, self.mix = self.mix, None
        counts = {name: each.take() for name, each in self.counts.items()}
        if mix:
            self._draw_mix(runner, mix, data_batch['data_samples']['unlabeled'])
        self._draw_classes(runner, counts)

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw what `MultiViewAccuracy` has left in the message hub, of the clips of all ranks."""
        classes = runner.val_dataloader.dataset.metainfo['classes']
        confusions = runner.message_hub.get_info(CONFUSION, {})
        for network, confusion in confusions.items():
            name = f'confusion_{network}'
            runner.visualizer.add_confusion(name, confusion, classes, step=runner.iter)
        agreement = runner.message_hub.get_info(AGREEMENT)
        if agreement is not None:
            name = '_'.join(confusions)
            runner.visualizer.add_networks(name, confusions, agreement, classes, step=runner.iter)

    def _see_mix(self, mixer: nn.Module, args: tuple, kwargs: dict, mixed: tuple) -> None:
        if self.is_due:
            self.mix = dict(video=args[0][: self.num_clips].detach(), partner=args[2], mixed=mixed)

    def _count_labels(self, model: nn.Module) -> None:
        if used := getattr(model, 'used_pseudo_labels', {}):
            model.used_pseudo_labels = {}  # so that none is counted twice
            for name, result in used.items():
                self.counts[name].add(result, self.hidden)

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
    def _draw_classes(self, runner: Runner, counts: dict[str, LabelCounts]) -> None:
        bars, tops = {}, {}
        for name, threshold in thresholds_of(algorithm_of(runner)).items():
            found, of = counts[name], f' ({name})' if name else ''
            if not found.given.any():  # as in warm-up
                continue
            bars[f'pseudo labels that count{of}'] = array(found.passed)
            if found.known.any():
                accuracy = 100 * found.right / found.known  # nan for a class without any
                title = f'right, where the label is known{of} (%)'
                bars[title], tops[title] = array(accuracy), 100
            thresholds = getattr(threshold, 'class_thresholds', None)
            if thresholds is not None:
                title = f'confidence threshold{of}'
                bars[title], tops[title] = array(thresholds()), 1
        if bars:
            classes = runner.train_dataloader.dataset.metainfo['classes']
            step = runner.iter + 1
            runner.visualizer.add_class_bars('classes', bars, classes, step=step, tops=tops)


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
