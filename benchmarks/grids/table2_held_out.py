# table2_small on the recipe that nothing was chosen by.
_base_ = ['./table2_small.py', './_base_/held_out.py']

name = 'table2_held_out'
title = 'What Table 2 compares, on the held-out recipe'
prepare = {{_base_._prepare}}
moves = {{_base_._moves}}
