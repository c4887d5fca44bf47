"""ZeRO-1: each process keeps a part of the optimizer's state and makes that part of the step."""

from mmengine.optim import ZeroRedundancyOptimizer as MMEngineZero
from torch.distributed.optim import ZeroRedundancyOptimizer as TorchZero

from mmavssl.registry import OPTIMIZERS
from mmavssl.utils.errors import CheckpointError


@OPTIMIZERS.register_module()
class ZeroRedundancyOptimizer(MMEngineZero):
    """MMEngine's `ZeroRedundancyOptimizer`, of which checkpoints can be made.

    MMEngine's gathers the parts in `state_dict`, which all processes must enter, but its Runner
    makes checkpoints in the first process alone: that one waits for the others for ever. Here
    `ShardedStateHook` gathers them before, in all processes, and `state_dict` returns what was
    gathered, once, so that it is never an older state.

    A checkpoint holds the whole state and can be loaded by any number of processes.

    Args:
        optimizer_type: name of an optimizer of ``torch.optim``; the other keywords are its
            arguments.
    """

    def state_dict(self) -> dict:
        """Return the whole state; only in the first process, after `consolidate_state_dict`.

        Raises:
            CheckpointError: it was not gathered.
        """
        if not self._all_state_dicts:
            raise CheckpointError(
                'The state of ZeroRedundancyOptimizer lies in several processes, and nothing '
                'gathers it. Add default_hooks.sharded_state=dict(type="ShardedStateHook").'
            )
        whole = TorchZero.state_dict(self)
        self._all_state_dicts = []
        return whole
