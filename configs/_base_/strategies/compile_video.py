# torch.compile for the networks of SVFormer and SVFormer-Flex: minutes at the begin, for fewer passes
# over the memory in each iteration (docs/performance.md).
default_hooks = dict(
    compile=dict(type='CompileHook', modules=['student.backbone', 'teacher.backbone'])
)
