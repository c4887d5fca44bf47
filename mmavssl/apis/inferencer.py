"""Predict what is done in videos, with a model of one's own: MMEngine's inferencer."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.fileio import dump
from mmengine.infer import BaseInferencer
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from torch import nn

from mmavssl.apis.inference_config import (
    choose_network,
    class_names_of_data,
    inference_config,
    test_pipeline,
)
from mmavssl.apis.inference_inputs import ClipInput, list_inputs
from mmavssl.apis.inference_pipeline import (
    Batch,
    BatchOfInputs,
    Failure,
    InferencePipeline,
    load_batches,
)
from mmavssl.apis.prediction_drawer import PredictionDrawer
from mmavssl.apis.prediction_videos import video_files
from mmavssl.apis.predictions import class_names, in_plain_words, one_line
from mmavssl.apis.sound_maps import (
    SoundMaps,
    saved_localizer,
    trained_localizer,
    try_on_noise,
)
from mmavssl.registry import FUNCTIONS, MODELS
from mmavssl.structures import AVDataSample
from mmavssl.utils.build_runner import named_errors
from mmavssl.utils.checkpoints import check_checkpoint_fits, read_checkpoint
from mmavssl.utils.device import available_device
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.progress import progress_bar


class AVActionInferencer(BaseInferencer):
    """Predicts the classes of videos by a checkpoint of tools/train.py.

    The probabilities are those that tools/test.py computes: by the config's test pipeline and the
    network that it tests, as the mean over its views.

    Args:
        model: config, its path, or the name of a model of the model index; None: the config is
            read from the checkpoint, as data that is never run.
        weights: checkpoint, or a file of tools/publish_model.py; opened as data as well.
        device: ``cpu``, ``cuda``, ``cuda:1``; None: a GPU if there is one.
        use: network that predicts, ``student`` or ``teacher``; None: the one that the config
            tests, and the student where it tests both.
        views: ``full``, as the config tests (5 clips x 3 crops), or ``fast``, one clip from the
            middle.
        audio: what to do about a video without sound, where the model hears: ``error`` or
            ``silence``; None: as the config's test.
        num_workers: processes that load videos; 0: this one.
        show_progress: show a bar on a terminal.

    Raises:
        ConfigError: something of it does not exist, or does not fit the rest.
    """

    preprocess_kwargs: set = set()
    forward_kwargs: set = set()
    visualize_kwargs: set = {'localize', 'out_dir'}
    postprocess_kwargs: set = {'topk', 'print_result', 'pred_out_file'}

    def __init__(
        self,
        model: str | Path | Mapping | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        use: str | None = None,
        views: str = 'full',
        audio: str | None = None,
        num_workers: int = 0,
        show_progress: bool = True,
    ) -> None:
        weights = None if weights is None else str(weights)
        cfg = inference_config(model, weights)
        if weights is None:
            raise ConfigError('Name the checkpoint (`weights`): a model without predicts noise.')
        if device is not None:
            available_device(device)
        init_default_scope(scope := cfg.get('default_scope', 'mmavssl'))
        #: Network that predicts.
        self.network = choose_network(cfg, use, weights)
        #: Names of the classes; None where neither the checkpoint nor the test's data have them.
        self.classes: tuple[str, ...] | None = None
        self.num_workers = num_workers
        self._steps, self._audio = test_pipeline(cfg, views), audio
        self._sound_maps: SoundMaps | None = None
        super().__init__(cfg, weights, device, scope, show_progress)

    def _init_model(self, cfg: Config, weights: str, device: str = 'cpu') -> nn.Module:
        """Build the model with the tensors of the checkpoint, which must have all of them."""
        with named_errors(cfg):
            model = MODELS.build(cfg.model)
        check_checkpoint_fits(model, weights)
        self._load_weights_to_model(model, read_checkpoint(weights), cfg)
        if self.classes is None:
            remark = f'{weights} has no class names, so that they are `class 0`, `class 1`, …'
            print_log(remark, logger='current', level=logging.WARNING)
        self.device = device
        return model.to(device).eval()

    def _load_weights_to_model(self, model: nn.Module, checkpoint: dict, cfg: Config) -> None:
        state = checkpoint.get('state_dict', checkpoint)
        for name, buffer in model.state_dict().items():
            state.setdefault(name, buffer)  # of training, which published files do not have
        super()._load_weights_to_model(model, checkpoint, cfg)
        self.classes = class_names(checkpoint) or class_names_of_data(cfg)
        self._saved_localizer = saved_localizer(checkpoint)

    def _init_pipeline(self, cfg: Config) -> InferencePipeline:
        return InferencePipeline(self._steps, self._audio)

    def _init_collate(self, cfg: Config) -> Callable[[Sequence], Batch]:
        collate = dict(cfg.test_dataloader.get('collate_fn') or {'type': 'mmavssl.av_collate'})
        return BatchOfInputs(partial(FUNCTIONS.get(collate.pop('type')), **collate))

    def _init_visualizer(self, cfg: Config) -> None:
        """Return none: videos are written by `PredictionDrawer`."""

    def __call__(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        show_progress: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Predict.

        A file that cannot be used is counted, and the others are predicted; one that is all there
        is to predict, and was named, is an error.

        Args:
            inputs: path, URL, folder, arrays, or a list of these: see `list_inputs`.
            return_datasamples: give the predictions as `AVDataSample`.
            batch_size: videos at a time.
            show_progress: show a bar; None: as the inferencer was told.
            kwargs: ``topk`` classes to list (5); ``print_result``: print a line for each video;
                ``pred_out_file``: JSON file to write; ``out_dir``: folder for a video of each
                prediction; ``localize``: draw in it where the sound comes from (the maps are
                ``sound_map`` and ``map_times`` of the data samples).

        Returns:
            ``predictions``: see `describe`, in the order of the inputs; ``visualization``: paths
            of their videos; ``errors``: ``path`` and ``reason`` of inputs that cannot be used.

        Raises:
            ConfigError: an option that does not exist or cannot be followed.
            DataError: there is nothing to predict, or it cannot be used.
        """
        try:
            before, within, shown, after = self._dispatch_kwargs(**kwargs)
        except ValueError as error:
            raise ConfigError(f'{error}.') from None
        for name, value in (('batch_size', batch_size), ('topk', after.get('topk', 1))):
            if value < 1:
                raise ConfigError(f'Expected `{name}` to be at least 1, but got {value!r}.')
        clips = self._inputs_to_list(inputs)
        self._prepare_drawing(clips, **shown)
        progress = self.show_progress if show_progress is None else show_progress
        preds: list[AVDataSample | Failure] = []
        with progress_bar('Predicting', len(clips), 0, progress) as advance:
            for batch in self.preprocess(clips, batch_size, **before):
                found = self.forward(batch, **within)
                preds += found
                for _ in found:
                    advance()
        preds.sort(key=lambda pred: pred.sample_idx)
        visualization = self.visualize(clips, preds, **shown, show_progress=progress)
        return self.postprocess(preds, visualization, return_datasamples, **after)

    def _inputs_to_list(self, inputs: Any) -> list[ClipInput]:
        return list_inputs(inputs)

    def preprocess(self, inputs: Sequence[ClipInput], batch_size: int = 1) -> Iterator[Batch]:
        """Yield batches of the inputs that can be used, and with each those that cannot."""
        yield from load_batches(
            inputs, self.pipeline, self.collate_fn, batch_size, self.num_workers
        )

    @torch.no_grad()
    def forward(self, inputs: Batch) -> list[AVDataSample | Failure]:
        """Return the predictions of a batch, and what cannot be predicted.

        Raises:
            ConfigError: the model gives no class probabilities.
        """
        batch, failures = inputs
        samples = self.model.test_step(batch) if batch else []
        if samples and 'pred_score' not in samples[0]:
            raise ConfigError(
                f'{type(self.model).__name__} gives no class probabilities (`pred_score`), so '
                'that there is nothing to predict. Take the checkpoint of a recognizer.'
            )
        return [*(sample.cpu() for sample in samples), *failures]

    def _prepare_drawing(
        self, clips: Sequence[ClipInput], localize: bool = False, out_dir: str | Path = ''
    ) -> None:
        """Find before the work what would fail after it; arguments as `visualize`."""
        if out_dir:
            video_files(out_dir, clips)
        if localize and self._sound_maps is None:
            localizer = trained_localizer(self.cfg, self._saved_localizer)
            settings = (localizer, self._steps, str(self.device))
            try_on_noise(SoundMaps(*settings), self.pipeline.opener_for_playing)
            self._sound_maps = SoundMaps(*settings)  # which looks at the first video once more

    def visualize(
        self,
        inputs: Sequence[ClipInput],
        preds: Sequence[AVDataSample | Failure],
        localize: bool = False,
        out_dir: str | Path = '',
        show_progress: bool = False,
    ) -> list[str | None]:
        """Localize what is heard, and write a video of each prediction; arguments as `__call__`.

        Returns:
            Path of the video of each prediction, None where it cannot be written; empty without
            ``out_dir``.
        """
        if not (localize or out_dir):
            return []
        files = video_files(out_dir, inputs) if out_dir else [None] * len(inputs)
        maps = self._sound_maps if localize else None
        drawer = PredictionDrawer(self.pipeline.opener_for_playing, self.classes, maps)
        written = drawer.draw_all(inputs, preds, files, show_progress)
        return written if out_dir else []

    def postprocess(
        self,
        preds: Sequence[AVDataSample | Failure],
        visualization: list[str | None],
        return_datasamples: bool = False,
        topk: int = 5,
        print_result: bool = False,
        pred_out_file: str | Path = '',
    ) -> dict[str, Any]:
        """Return what `__call__` does; arguments as there."""
        results = {**in_plain_words(preds, self.classes, topk), 'visualization': visualization}
        if print_result:
            for prediction in results['predictions']:
                print_log(one_line(prediction), logger=None)
        if pred_out_file:
            Path(pred_out_file).parent.mkdir(parents=True, exist_ok=True)
            dump(results, str(pred_out_file), indent=2)
        if return_datasamples:
            results['predictions'] = [pred for pred in preds if not isinstance(pred, Failure)]
        return results
