"""Types that data sets, models and engine exchange."""

from mmavssl.structures.av_data_sample import AVDataSample
from mmavssl.structures.draw_index import DrawIndex

__all__ = ['AVDataSample', 'DrawIndex']
