"""Predict what is done in videos, with a model of one's own: MMEngine's inferencer."""

import logging
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from torch import nn

from mmavssl.apis.call_arguments import check_count, check_json_file, check_names
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
    LeftOut,
    load_batches,
)
from mmavssl.apis.localizer_weights import saved_localizer
from mmavssl.apis.prediction_drawer import PredictionDrawer
from mmavssl.apis.prediction_videos import video_files
from mmavssl.apis.predictions import (
    RESULTS,
    class_names,
    failed_if_not_finite,
    in_plain_words,
    one_line,
    written_at_the_end,
)
from mmavssl.apis.sound_maps import SoundMaps, trained_localizer, try_on_noise
from mmavssl.datasets.build_collate import build_collate
from mmavssl.registry import MODELS
from mmavssl.structures import AVDataSample
from mmavssl.utils.build_runner import named_errors
from mmavssl.utils.checkpoints import check_checkpoint_fits, read_checkpoint
from mmavssl.utils.device import available_device
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import check_output_folder
from mmavssl.utils.progress import progress_bar
from mmavssl.utils.worker_sockets import check_worker_sockets

#: Arguments of a call that no single step is about.
CALL = ('return_datasamples', 'batch_size', 'show_progress', 'data_root')


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
        *,
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
        check_count('num_workers', num_workers, 0)
        if num_workers:
            check_worker_sockets('num_workers')
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

    @staticmethod
    def list_models(scope: str | None = None, patterns: str = '.*') -> list[str]:
        """Return the names of the models of the metafiles, each with a config of its own.

        Args:
            scope: of another project that is installed; None: ours.
            patterns: regular expression, to which names must fit from their first letter on.
        """
        folder = BaseInferencer._get_repo_or_mim_dir(scope or 'mmavssl')
        models = BaseInferencer._get_models_from_metafile(folder)
        return [model['Name'] for model in models if re.match(patterns, model['Name'])]

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
            if name.startswith(f'{self.network}.') and name not in state:
                raise ConfigError(
                    f'The checkpoint has no {name}, without which the {self.network} predicts '
                    'something else than it did. Take the file that tools/train.py has written.'
                )
            state.setdefault(name, buffer)  # of training, which published files do not have
        super()._load_weights_to_model(model, checkpoint, cfg)
        self.classes = class_names(checkpoint) or class_names_of_data(cfg)
        #: The localizer's tensors in the checkpoint; empty where they were left out.
        self.saved_localizer = saved_localizer(checkpoint)

    def _init_pipeline(self, cfg: Config) -> InferencePipeline:
        return InferencePipeline(self._steps, self._audio)

    def _init_collate(self, cfg: Config) -> Callable[[Sequence], Batch]:
        return BatchOfInputs(build_collate(cfg.test_dataloader))

    def _init_visualizer(self, cfg: Config) -> None:
        """Return none: videos are written by `PredictionDrawer`."""

    def __call__(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        show_progress: bool | None = None,
        data_root: str | Path | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Predict.

        A file that cannot be used is counted, and the others are predicted; one that is all there
        is to predict, and was named, is an error.

        Args:
            inputs: path, URL, folder, list, arrays, or a list of these: see `list_inputs`.
            return_datasamples: give the predictions as `AVDataSample`.
            batch_size: videos at a time.
            show_progress: show a bar; None: as the inferencer was told.
            data_root: what the paths of a list (``*.csv``) are relative to; None: its folder, or
                the nearest one above, that has its files.
            kwargs: ``topk`` classes to list (5); ``print_result``: print a line for each video;
                ``pred_out_file``: JSON file to write, also of what is done when an error or
                Ctrl-C ends the work; ``out_dir``: folder for a video of each prediction;
                ``localize``: draw in it where the sound comes from (the maps are ``sound_map`` and
                ``map_times`` of the data samples).

        Returns:
            ``predictions``: see `describe`, in the order of the inputs; ``visualization``: paths
            of their videos; ``errors``: ``path`` and ``reason`` of inputs that cannot be used.

        Raises:
            ConfigError: an option that does not exist or cannot be followed.
            DataError: there is nothing to predict, or it cannot be used.
        """
        results: dict[str, list] = {name: [] for name in RESULTS}
        for part in self.in_batches(
            inputs, return_datasamples, batch_size, show_progress, data_root, **kwargs
        ):
            for name, items in part.items():
                results[name] += items
        return results

    def in_batches(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        show_progress: bool | None = None,
        data_root: str | Path | None = None,
        **kwargs: Any,
    ) -> Generator[dict[str, list], None, None]:
        """Yield the results of each batch when it is done; arguments and errors as `__call__`."""
        before, within, shown, after = self._dispatch_kwargs(**kwargs)
        check_count('batch_size', batch_size)
        check_count('topk', after.get('topk', 1))
        out_file = after.pop('pred_out_file', '')
        if out_file:
            check_json_file(out_file)
        clips = self._inputs_to_list(inputs, data_root)
        left_out = LeftOut(clips)
        drawer = self._prepare_drawing(clips, **shown)
        progress = self.show_progress if show_progress is None else show_progress
        with ExitStack() as stack:
            written = stack.enter_context(written_at_the_end(out_file))
            advance = stack.enter_context(progress_bar('Predicting', len(clips), 0, progress))
            fetched = stack.enter_context(self.pipeline.fetched_once(clips, drawer is not None))
            for batch in self.preprocess(clips, batch_size, **before):
                preds = sorted(self.forward(batch, **within), key=lambda pred: pred.sample_idx)
                drawn = self.visualize([clips[pred.sample_idx] for pred in preds], preds, drawer)
                results = self.postprocess(
                    preds, drawn, return_datasamples, written=written, **after
                )
                left_out.tell(preds)
                for pred in preds:
                    fetched.release(clips[pred.sample_idx].files)
                    advance()
                yield results

    def _dispatch_kwargs(self, **kwargs: Any) -> tuple[dict, dict, dict, dict]:
        known = self.preprocess_kwargs | self.forward_kwargs
        known |= self.visualize_kwargs | self.postprocess_kwargs
        check_names(kwargs, {*known, *CALL})
        return super()._dispatch_kwargs(**kwargs)

    def _inputs_to_list(
        self, inputs: Any, data_root: str | Path | None = None
    ) -> list[ClipInput]:
        return list_inputs(inputs, data_root)

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
        return [*(failed_if_not_finite(sample.cpu()) for sample in samples), *failures]

    def _prepare_drawing(
        self, clips: Sequence[ClipInput], localize: bool = False, out_dir: str | Path = ''
    ) -> PredictionDrawer | None:
        """Find before the work what would fail after it; arguments as `__call__`."""
        files = video_files(out_dir, clips) if out_dir else None
        if out_dir:
            check_output_folder(out_dir)
        if localize and self._sound_maps is None:
            localizer = trained_localizer(self.cfg, self.saved_localizer)
            settings = (localizer, self._steps, str(self.device))
            try_on_noise(SoundMaps(*settings), self.pipeline.opener_for_playing)
            self._sound_maps = SoundMaps(*settings)  # which looks at the first video once more
        if not (localize or out_dir):
            return None
        maps = self._sound_maps if localize else None
        return PredictionDrawer(self.pipeline.opener_for_playing, self.classes, maps, files)

    def visualize(
        self,
        inputs: Sequence[ClipInput],
        preds: Sequence[AVDataSample | Failure],
        drawer: PredictionDrawer | None = None,
    ) -> list[str | None]:
        """Localize what is heard, and write a video of each prediction, as far as it is asked for.

        Returns:
            Path of the video of each prediction, None where it cannot be written; empty where
            none is to be.
        """
        return drawer.draw_all(inputs, preds) if drawer else []

    def postprocess(
        self,
        preds: Sequence[AVDataSample | Failure],
        visualization: list[str | None],
        return_datasamples: bool = False,
        topk: int = 5,
        print_result: bool = False,
        written: Mapping[str, list] | None = None,
    ) -> dict[str, list]:
        """Return what `__call__` does, of one batch; arguments as there.

        Args:
            preds: what became of each input.
            visualization: paths of the videos.
            return_datasamples: give the predictions as `AVDataSample`.
            topk: classes to list.
            print_result: print a line for each video.
            written: of `written_at_the_end`, which takes the results in plain words.
        """
        results = {**in_plain_words(preds, self.classes, topk), 'visualization': visualization}
        for name, items in (written or {}).items():
            items += results[name]
        if print_result:
            for prediction in results['predictions']:
                print_log(one_line(prediction), logger=None)
            sys.stdout.flush()  # whoever reads a pipe sees how far it is
        if return_datasamples:
            results['predictions'] = [pred for pred in preds if not isinstance(pred, Failure)]
        return results
