# table2_small on the other recipe of AVSprites.
_base_ = ['./table2_small.py', './_base_/held_out.py']

name = 'table2_held_out'
title = 'What Table 2 compares, on the held-out recipe'
note = (
    '2 labels per class, chosen by the seed; networks with random weights apart from the frame '
    'encoder, which was trained on stills of the *default* recipe, whose sprites are others; the '
    'same localizer, trained on these clips, for all seeds.'
)
prepare = {{_base_._prepare}}
moves = {{_base_._moves}}
