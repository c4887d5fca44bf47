from mmavssl.models.recognizers.av_recognizer import AVRecognizer, RecognizerOutput

__all__ = ['AVRecognizer', 'RecognizerOutput']
