"""A plugin: a storage that does not answer any more, from when a file is there."""

import time
from pathlib import Path

from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class HangOn(BaseTransform):
    """Wait for ten minutes as soon as there is a file."""

    def __init__(self, file):
        self.file = Path(file)

    def transform(self, results):
        if self.file.exists():
            time.sleep(600)
        return results
