from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.models.algorithms.localizer_trainer import LocalizerTrainer
from mmavssl.models.algorithms.semi_supervised import SemiSupervisedRecognizer
from mmavssl.models.algorithms.supervised import SupervisedRecognizer

__all__ = [
    'LocalizerTrainer',
    'RecognitionAlgorithm',
    'SemiSupervisedRecognizer',
    'SupervisedRecognizer',
]
