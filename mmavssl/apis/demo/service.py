"""From a clip to what the page shows of it."""

import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from mmavssl.apis.demo.page import KEEP, Answer
from mmavssl.apis.demo.upload import UploadLimits, check_upload
from mmavssl.apis.inferencer import AVActionInferencer
from mmavssl.apis.mask_clips import differ, load_videos
from mmavssl.apis.mask_panels import MaskPanels
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.visualization.mask_figure import draw_mask_figure

NO_PARTNER = (
    'No mixed clip is shown: this page has no other example to mix with. `--examples DIR` gives '
    'it some.'
)


class DemoService:
    """Predicts a clip, draws what is heard where, and mixes it with another one.

    One clip at a time, whoever asks. Localizers are loaded for the first one, and kept.

    Args:
        inferencer: the model.
        limits: of clips.
        folder: for the videos of answers; whoever made it deletes it.
        examples: the first one that shows something else is what a clip is mixed with.
    """

    def __init__(
        self,
        inferencer: AVActionInferencer,
        limits: UploadLimits,
        folder: Path,
        examples: Sequence[str | Path] = (),
    ) -> None:
        self.inferencer = inferencer
        self.limits = limits
        self.examples = [str(path) for path in examples]
        self.folder = folder
        self._lock = threading.Lock()
        self._mask_panels: MaskPanels | None = None

    def __call__(self, path: str) -> Answer:
        """Return what is to be shown, whose file is deleted after as long as the page keeps one.

        Raises:
            DataError: the clip is none, or is beyond the limits.
        """
        check_upload(path, self.limits, self.inferencer.pipeline.needs_sound)
        remarks: list[str] = []
        with self._lock:
            try:
                video, scores = self._predict(path, remarks)
            except DataError as error:
                raise DataError(self._by_name(path, error)) from error
            masks = self._masks(path, remarks)
        return Answer(scores, video, masks, ' '.join(remarks))

    def _predict(self, path: str, remarks: list[str]) -> tuple[str | None, dict[str, float]]:
        # One for each answer: another visitor may still see that of a clip of the same name.
        folder = tempfile.mkdtemp(dir=self.folder)
        wanted = dict(out_dir=folder, show_progress=False)
        try:
            found = self.inferencer(path, localize=True, **wanted)
        except ConfigError as error:  # a model that localizes nothing
            remarks.append(str(error))
            found = self.inferencer(path, **wanted)
        finally:
            _delete_later(folder)
        (prediction,) = found['predictions']
        scores = {each['class']: each['score'] for each in prediction['topk']}
        return next(iter(found['visualization']), None), scores

    def _masks(self, path: str, remarks: list[str]) -> np.ndarray | None:
        cfg = self.inferencer.cfg
        if not (cfg.model.get('mixer') or {}).get('masker'):
            return None
        try:
            self._mask_panels = self._mask_panels or MaskPanels(
                cfg, self.inferencer.saved_localizer
            )
            clip, *other = self._clip_and_another(path)
            if not other:
                remarks.append(NO_PARTNER)
            partner = 1 if other else None
            return draw_mask_figure(self._mask_panels([clip, *other], [partner], seed=0))
        except (ConfigError, DataError) as error:
            remarks.append(f'No mask is drawn: {self._by_name(path, error)}')
            return None

    def _clip_and_another(self, path: str) -> list[dict]:
        """Return the clip and the first example that shows something else, if there is one."""
        cfg = self.inferencer.cfg
        [clip] = load_videos(cfg, [path])
        for example in self.examples:
            try:
                [another] = load_videos(cfg, [example])
            except DataError as error:  # its own problem, of which only the page's owner is told
                print_log(f'{error} The next example is taken.', 'current', logging.WARNING)
                continue
            if differ(clip, another):
                return [clip, another]
        return [clip]

    def _by_name(self, path: str, error: Exception) -> str:
        """Return a message without the folders of files, which are no business of visitors."""
        message = str(error)
        files = [Path(file) for file in (path, *self.examples)]
        folders = {folder for file in files for folder in file.parents if folder.name}
        for place in (*files, *sorted(folders, reverse=True)):  # those within others first
            whole = rf'(?<![\w/]){re.escape(str(place))}(?!\w)'
            message = re.sub(whole, lambda _, name=place.name: name, message)
        return message


def _delete_later(folder: str) -> None:
    """Delete a folder after as long as the page keeps an answer."""
    end = threading.Timer(KEEP, shutil.rmtree, [folder], {'ignore_errors': True})
    end.daemon = True  # the end of the page does not wait for it
    end.start()
