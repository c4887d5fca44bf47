# MMEngine keeps the inputs of these modules alone and computes what is in them once more in the
# backward pass: less memory for one more forward pass. For video and sound.
# The teacher has no backward pass. One block each, so that only one is expanded at a time.
activation_checkpointing = [
    'student.backbone.blocks.0', 'student.backbone.blocks.1',
    'student.backbone.blocks.2', 'student.backbone.blocks.3',
    'student.backbone.blocks.4', 'student.backbone.blocks.5',
    'student.backbone.blocks.6', 'student.backbone.blocks.7',
    'student.backbone.blocks.8', 'student.backbone.blocks.9',
    'student.backbone.blocks.10', 'student.backbone.blocks.11',
    'student.audio_backbone.blocks.0', 'student.audio_backbone.blocks.1',
    'student.audio_backbone.blocks.2', 'student.audio_backbone.blocks.3',
    'student.audio_backbone.blocks.4', 'student.audio_backbone.blocks.5',
    'student.audio_backbone.blocks.6', 'student.audio_backbone.blocks.7',
    'student.audio_backbone.blocks.8', 'student.audio_backbone.blocks.9',
    'student.audio_backbone.blocks.10', 'student.audio_backbone.blocks.11',
]
