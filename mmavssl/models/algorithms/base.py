"""What every recognition algorithm shares: dispatch, and testing by averaging views."""

from collections.abc import Mapping

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmavssl.models.algorithms.check_losses import check_losses, check_networks
from mmavssl.models.algorithms.given_inputs import GivenInputs
from mmavssl.models.algorithms.init_cfg import check_no_pretrained
from mmavssl.models.data_preprocessors.build import build_preprocessor
from mmavssl.structures import AVDataSample
from mmavssl.utils.passes import Pass, standard_passes
from mmavssl.utils.roles import ROLES

TEST_WITH = (*ROLES, 'both')
AVERAGES = ('prob', 'logit')


class RecognitionAlgorithm(BaseModel):
    """Base of the SSL algorithms: subclasses implement `loss` and name their `networks`.

    Args:
        test_with: network whose scores are predicted: ``student``, ``teacher`` or ``both``
            (then ``pred_score`` is the student's, as SVFormer's code tests the student).
        average: what is averaged over the views of a test video: ``prob``, class probabilities
            (paper, section 4.2), or ``logit``, whose mean then becomes probabilities (SVFormer's
            code ranks classes by the sum of logits).
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization; files are loaded by that of the networks.

    Raises:
        ConfigError: ``init_cfg`` names a file.
        ValueError: unknown ``test_with`` or ``average``.
    """

    def __init__(
        self,
        test_with: str = 'both',
        average: str = 'prob',
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if test_with not in TEST_WITH:
            raise ValueError(
                f'Expected `test_with` to be one of {TEST_WITH}, but got {test_with!r}.'
            )
        if average not in AVERAGES:
            raise ValueError(f'Expected `average` to be one of {AVERAGES}, but got {average!r}.')
        check_no_pretrained(init_cfg, 'student')
        super().__init__(build_preprocessor(data_preprocessor), init_cfg)
        self.test_with = test_with
        self.average = average

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Recognizers by role; the first one is the default for testing.

        The names are ``student`` and ``teacher``, or one of these: `test_with` chooses from them,
        and metrics are called by them (``student/top1``).
        """
        raise NotImplementedError(f'{type(self).__name__} must say which networks it has.')

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the forward passes of an iteration, after any warm-up, for its cost.

        An algorithm with a `loss` of its own says here which networks see which clips; else its
        cost is that of `standard_passes`, and ``get_cost.py`` warns of it. One that runs the
        student on labeled clips and on strong views of unlabeled ones has::

            return [Pass('labeled clip'), Pass('strong view')]

        Args:
            model: config of the algorithm.
            convention: ``paper`` or ``full``, see `mmavssl.utils.cost`.
        """
        return standard_passes(model, convention)

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return named losses of a training batch; implemented by each algorithm.

        Args:
            inputs: as in `forward` in training.
            data_samples: samples by source.

        Returns:
            Float tensors by name: those with ``loss`` in their name are summed, all are logged.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement `loss`.')

    def forward(
        self, inputs: dict, data_samples: dict | list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[AVDataSample] | Tensor:
        """Run one of MMEngine's three modes.

        Args:
            inputs: training: ``{source: {view: {'video', 'audio'}}}``; testing:
                ``{'video': (B, V, C, T, H, W), 'audio': (B, V, T_a, F)}``;
                ``tensor``: ``{'video': (B, C, T, H, W), 'audio': (B, T_a, F)}``.
            data_samples: samples by source (training), or a list (testing).
            mode: ``loss`` gives named losses, ``predict`` data samples with scores, ``tensor``
                the logits (B, num_classes) of the tested network.

        Raises:
            ConfigError: `loss` asks for what the pipeline does not give, or gives no losses, or
                `networks` has other names.
            ValueError: unknown mode.
        """
        if mode == 'loss':
            check_networks(self, self.networks)
            given = GivenInputs(inputs, 'inputs', type(self).__name__)
            return check_losses(self, self.loss(given, data_samples))
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self._tested_networks()[0][1](inputs['video'], inputs.get('audio')).logits
        raise ValueError(f"Expected `mode` to be 'tensor', 'loss' or 'predict', but got {mode!r}.")

    def predict(self, inputs: dict, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Average what ``average`` says over the views of each video.

        Args:
            inputs: ``video`` (B, V, C, T, H, W) and, for audio-visual models, ``audio``
                (B, V, T_a, F).
            data_samples: B samples.

        Returns:
            The samples with ``<role>_score`` (num_classes,) per tested network and ``pred_score``.
        """
        video, audio = inputs['video'], inputs.get('audio')
        batch, views = video.shape[:2]
        if audio is not None:
            audio = audio.flatten(0, 1)
        networks = self._tested_networks()
        for role, network in networks:
            logits = network(video.flatten(0, 1), audio).logits.float()
            scores = self.average_views(logits.unflatten(0, (batch, views)))
            for sample, score in zip(data_samples, scores, strict=True):
                sample.set_pred_score(score, f'{role}_score')
                if role == networks[0][0]:
                    sample.set_pred_score(score)
        return data_samples

    def average_views(self, logits: Tensor) -> Tensor:
        """Return probabilities (B, C) of the logits (B, V, C) of views."""
        if self.average == 'logit':
            return logits.mean(dim=1).softmax(dim=-1)
        return logits.softmax(dim=-1).mean(dim=1)

    def _tested_networks(self) -> list[tuple[str, nn.Module]]:
        networks = check_networks(self, self.networks)
        if self.test_with == 'both' or len(networks) == 1:
            return list(networks.items())
        return [(self.test_with, networks[self.test_with])]


def gt_labels(data_samples: list[AVDataSample]) -> Tensor:
    """Return the labels (B,) of labeled samples."""
    return torch.cat([sample.gt_label for sample in data_samples])
