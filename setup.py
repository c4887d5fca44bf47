"""Packaging: requirements, and the config tree that MIM expects inside the wheel.

The version is that of the git tag (``[tool.setuptools_scm]`` in pyproject.toml).
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MIM_FOLDER = Path('mmavssl', '.mim')
MIM_CONTENT = ('configs', 'tools', 'model-index.yml')

# Bounds, not versions: the tests ran with requirements/oldest.txt and constraints.txt.
INSTALL_REQUIRES = [
    'torch>=2.6,<2.12',  # torchaudio ends at 2.11
    'torchaudio>=2.6,<2.11.1',  # 2.11.1 wants torch>=2.11, and imports with later ones alone
    'torchvision>=0.21',
    'timm>=1.0.9',
    'mmengine>=0.10.7,<0.11',
    'mmcv-lite>=2.1',  # a full mmcv serves as well: `import mmcv` is all we need
    'opencv-python>=4.8',  # the variant that mmengine and mmcv-lite require
    # Wheels exist for these platforms; PyAV reads videos on the others.
    'decord>=0.6; (sys_platform == "linux" and platform_machine == "x86_64") '
    'or sys_platform == "win32"',
    'av>=17',
    'einops>=0.7',
    'matplotlib>=3.8',
    'numpy>=1.26',
    'packaging>=23.0',  # mmavssl info compares versions
    'pillow>=10.4',
    'rich>=13.0',  # progress bars; mmengine needs it as well
    'safetensors>=0.4.5',
    'setuptools<82',  # mmengine imports pkg_resources, and distutils on Python >= 3.12
]
SHARDS_REQUIRES = ['webdataset>=0.2.86']  # to pack files; reading shards does not need it
# Clips of YouTube, for tools/data/download.py: what fetches them, and a program that cuts.
DOWNLOAD_REQUIRES = ['yt-dlp[default]>=2025.1.15', 'imageio-ffmpeg>=0.5.1']
# What tools/export.py writes ONNX with, and checks it with; torch.export needs nothing more.
EXPORT_REQUIRES = ['onnx>=1.17', 'onnxscript>=0.6.2', 'onnxruntime>=1.20']
# The page of tools/demo.py, and a backend of tools/train.py --visualize.
DEMO_REQUIRES = ['gradio>=6.0']
VISUALIZE_REQUIRES = ['tensorboard>=2.15']
DOCS_REQUIRES = ['mkdocs-material>=9.5']  # mkdocs.yml
TEST_REQUIRES = [
    'pytest>=8', 'pytest-timeout>=2.3', 'pytest-xdist>=3.5', 'ruff>=0.9', 'scipy>=1.11',
    'setuptools-scm>=8',  # the tests build the package in this environment
    *SHARDS_REQUIRES,
    'yt-dlp>=2025.1.15', 'imageio-ffmpeg>=0.5.1',  # the tests ask servers of their own
    *EXPORT_REQUIRES,
]  # fmt: skip


class BuildWithMim(build_py):
    """Put the configs and tools into the built package, where MMEngine and MIM look for them.

    An editable install (``pip install -e .``) needs no copy: MMEngine finds the folders next to
    the package.
    """

    def run(self) -> None:
        """Build the package, then copy."""
        super().run()
        if getattr(self, 'editable_mode', False):
            return
        target = Path(self.build_lib) / MIM_FOLDER
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        ignore = shutil.ignore_patterns('__pycache__', '*.py[cod]')
        for name in MIM_CONTENT:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=ignore)
            else:
                shutil.copy2(source, target / name)


if __name__ == '__main__':
    setup(
        name='mmavssl',
        description='Semi-supervised audio-visual action recognition in MMEngine style',
        long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
        long_description_content_type='text/markdown',
        author='The mmavssl authors',
        license='Apache License 2.0',
        keywords='video action recognition, semi-supervised learning, audio-visual learning',
        classifiers=[
            'Intended Audience :: Science/Research',
            'Operating System :: POSIX :: Linux',
            'Programming Language :: Python :: 3.10',
            'Programming Language :: Python :: 3.11',
            'Programming Language :: Python :: 3.12',
            'Programming Language :: Python :: 3.13',
            'Topic :: Scientific/Engineering :: Artificial Intelligence',
        ],
        packages=find_packages(include=['mmavssl', 'mmavssl.*']),
        include_package_data=True,
        zip_safe=False,
        python_requires='>=3.10,<3.14',  # MMEngine uses pkgutil.find_loader, gone in 3.14
        install_requires=INSTALL_REQUIRES,
        extras_require={
            'shards': SHARDS_REQUIRES,
            'download': DOWNLOAD_REQUIRES,
            'export': EXPORT_REQUIRES,
            'demo': DEMO_REQUIRES,
            'visualize': VISUALIZE_REQUIRES,
            'docs': DOCS_REQUIRES,
            'test': TEST_REQUIRES,
            'dev': [*TEST_REQUIRES, 'build', 'pre-commit'],
        },
        entry_points={'console_scripts': ['mmavssl=mmavssl.cli:main']},
        cmdclass={'build_py': BuildWithMim},
    )
