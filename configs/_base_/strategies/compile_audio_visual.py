# torch.compile for the networks of ASL-Mix: minutes at the begin, for fewer passes over the memory in
# each iteration (docs/performance.md).
default_hooks = dict(
    compile=dict(
        type='CompileHook',
        modules=[
            f'{network}.{part}'
            for network in ('student', 'teacher')
            for part in ('backbone', 'audio_backbone', 'fusion')
        ],
    )
)
