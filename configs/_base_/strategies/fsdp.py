# Student and teacher are divided over the processes, layer by layer, and with them the optimizer's
# state and the gradients (PyTorch's fully_shard). ShardedStateHook of default_runtime.py divides them
# when training begins, and gathers them for checkpoints.
model_wrapper_cfg = dict(type='mmavssl.ShardedDataParallel')
