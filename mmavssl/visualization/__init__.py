"""Pictures of maps, masks and mixed clips, of training curves, and of what the model sees."""

from mmavssl.visualization.asl_visualizer import ASLVisualizer
from mmavssl.visualization.browse_page import save_browse_page
from mmavssl.visualization.clip_card import ClipCard, ClipMix, ClipSheet, ClipView
from mmavssl.visualization.contact_sheet import save_contact_sheet
from mmavssl.visualization.curves import find_scalars, plot_curves
from mmavssl.visualization.mask_figure import ClipPanel, draw_mask_figure
from mmavssl.visualization.mask_video import PlayedClip, save_mask_video
from mmavssl.visualization.mlflow_backend import MLflowBackend

__all__ = [
    'ASLVisualizer',
    'ClipCard',
    'ClipMix',
    'ClipPanel',
    'ClipSheet',
    'ClipView',
    'MLflowBackend',
    'PlayedClip',
    'draw_mask_figure',
    'find_scalars',
    'plot_curves',
    'save_browse_page',
    'save_contact_sheet',
    'save_mask_video',
]
