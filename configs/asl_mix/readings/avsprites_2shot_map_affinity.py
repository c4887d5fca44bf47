# The other reading of the map (Eq. 11 and 12): cosines with the sound, averaged over locations that
# look alike, not each location's own.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(localizer=dict(map='affinity'))))
