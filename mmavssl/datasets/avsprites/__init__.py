"""AVSprites: the embedded audio-visual data set.

Every clip is a real H.264 and AAC file, generated from a seed. One actor sounds, others of other
kinds are silent; the class is the pair (kind of the sounding actor, kind of its sound), so neither
modality alone can name it, and sound events are in step with the actor's motion, so the sound says
where as well.

A generated folder holds ``videos/{train,test}/<class>_<number>.mp4``,
``manifest_{train,test}.csv`` (``path,label``), ``classes.txt``, ``boxes_{train,test}.npz`` (box of
the sounding actor per frame) and ``avsprites.json`` (configuration, and how well
a classifier can do that lacks a modality).
"""

from mmavssl.datasets.avsprites.bounds import accuracy_bounds
from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.recipe import Recipe
from mmavssl.datasets.avsprites.scene import render_clip
from mmavssl.datasets.avsprites.shipped import RECIPES, get_recipe
from mmavssl.datasets.avsprites.stills import AVSpritesStills
from mmavssl.structures.box_file import load_boxes

__all__ = [
    'RECIPES',
    'AVSpritesConfig',
    'AVSpritesStills',
    'Recipe',
    'accuracy_bounds',
    'generate',
    'get_recipe',
    'load_boxes',
    'render_clip',
]
