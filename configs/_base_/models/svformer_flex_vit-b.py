# SVFormer-Flex: SVFormer with FlexMatch's class-wise threshold.
_base_ = './svformer_vit-b.py'

model = dict(threshold=dict(type='FlexThreshold', threshold=0.3))
