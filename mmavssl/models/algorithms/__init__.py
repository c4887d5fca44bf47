from mmavssl.models.algorithms.avclr import AvCLRReimpl
from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.models.algorithms.cross_modal import CrossModalRecognizer
from mmavssl.models.algorithms.localizer_trainer import LocalizerTrainer
from mmavssl.models.algorithms.ltg import LTGRecognizer
from mmavssl.models.algorithms.semi_supervised import SemiSupervisedRecognizer
from mmavssl.models.algorithms.supervised import SupervisedRecognizer
from mmavssl.models.algorithms.tcl import TCLRecognizer

__all__ = [
    'AvCLRReimpl',
    'CrossModalRecognizer',
    'LTGRecognizer',
    'LocalizerTrainer',
    'RecognitionAlgorithm',
    'SemiSupervisedRecognizer',
    'SupervisedRecognizer',
    'TCLRecognizer',
]
