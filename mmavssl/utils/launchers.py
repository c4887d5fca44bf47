"""What those that start several processes tell each; without torch, as each `--help` needs it."""

import os

#: What each launcher tells the processes that it starts.
VARIABLES = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK'),
}
STARTERS = {'pytorch': 'torchrun or tools/dist_train.sh', 'slurm': 'srun', 'mpi': 'mpirun'}


def rank_of(launcher: str) -> int:
    """Return the number of this process among those of a launcher, also before they join."""
    return 0 if launcher == 'none' else int(os.environ.get(VARIABLES[launcher][0], 0))
