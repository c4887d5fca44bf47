"""MLflow as a backend of the visualizer."""

from pathlib import Path

import numpy as np
from mmengine.visualization import MLflowVisBackend

from mmavssl.registry import VISBACKENDS


@VISBACKENDS.register_module()
class MLflowBackend(MLflowVisBackend):
    """MMEngine's MLflow backend, as MLflow 3 wants it.

    Pictures are artifacts ``<name>_<step>.png``: MLflow needs the file's ending, and one name
    would keep the last picture alone. Without ``tracking_uri`` a run is in ``mlflow.db`` and
    ``mlartifacts`` of ``save_dir``, as MLflow no longer writes a folder of files.

    Args:
        save_dir: folder of the run; the visualizer gives it.
        tracking_uri: of MLflow, such as that of a server; None: SQLite.
        **kwargs: arguments of MMEngine's ``MLflowVisBackend``.
    """

    def __init__(self, save_dir: str, tracking_uri: str | None = None, **kwargs) -> None:
        if tracking_uri is None:
            folder = Path(save_dir).resolve()
            tracking_uri = f'sqlite:///{folder / "mlflow.db"}'
            kwargs.setdefault('artifact_location', (folder / 'mlartifacts').as_uri())
        super().__init__(save_dir, tracking_uri=tracking_uri, **kwargs)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs) -> None:
        """Record an RGB picture of a training step."""
        super().add_image(f'{name}_{step}.png', image, step, **kwargs)
