# torch.compile for the networks of ASL-Mix: minutes at the begin, for fewer passes over the memory in
# each iteration (docs/performance.md).
default_hooks = dict(
    compile=dict(
        type='CompileHook',
        modules=[
            'student.backbone', 'student.audio_backbone', 'student.fusion',
            'teacher.backbone', 'teacher.audio_backbone', 'teacher.fusion',
        ],
    )
)
