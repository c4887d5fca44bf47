from mmavssl.models.recognizers.av_recognizer import AVRecognizer, RecognizerOutput
from mmavssl.models.recognizers.avclr_student import AvCLRStudent
from mmavssl.models.recognizers.ltg_student import LTGStudent
from mmavssl.models.recognizers.two_stream import TwoStreamRecognizer

__all__ = [
    'AVRecognizer',
    'AvCLRStudent',
    'LTGStudent',
    'RecognizerOutput',
    'TwoStreamRecognizer',
]
