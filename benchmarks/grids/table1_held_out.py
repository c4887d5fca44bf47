# table1_small on the other recipe of AVSprites.
_base_ = ['./table1_small.py', './_base_/held_out.py']

name = 'table1_held_out'
title = 'What Table 1 compares, on the held-out recipe'
note = (
    '2 labels per class, chosen by the seed. TCL, LTG and AvCLR start from random weights, as in '
    'the paper; frames of the others from weights trained with labels on stills of the *default* '
    'recipe, whose sprites are others.'
)
prepare = {{_base_._prepare}}
moves = {{_base_._moves}}
