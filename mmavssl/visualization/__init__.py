"""Pictures of maps, masks and mixed clips, and of training curves."""

from mmavssl.visualization.asl_visualizer import ASLVisualizer
from mmavssl.visualization.curves import find_scalars, plot_curves
from mmavssl.visualization.mask_figure import ClipPanel, draw_mask_figure

__all__ = ['ASLVisualizer', 'ClipPanel', 'draw_mask_figure', 'find_scalars', 'plot_curves']
