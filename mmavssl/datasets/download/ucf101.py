"""The videos of UCF-101, of which UCF-51 is a part."""

from pathlib import Path

from mmavssl.datasets.download.archives import fetch_unpacked

#: Of the THUMOS challenge of 2014, whose zip file needs no program for RAR files.
BASE_URL = 'https://storage.googleapis.com/thumos14_files/'
ARCHIVE = 'UCF101_videos.zip'
#: As TensorFlow Datasets lists it.
SHA256 = 'dabf56f573cd19c79e096563529fec8126a2a34e18e10c72eb621dd687532b0d'


def download_ucf101(
    folder: Path, base_url: str = BASE_URL, sha256: str = SHA256, keep: bool = False
) -> str:
    """Fetch and unpack all videos: 7.0 GB, and as much again until the archive is removed.

    Args:
        folder: where they are put.
        base_url: of the folder of the archive.
        sha256: of the archive.
        keep: whether the archive is kept.

    Returns:
        What has been done, for the user.

    Raises:
        DataError: see `fetch_unpacked`.
    """
    files = fetch_unpacked(f'{base_url}{ARCHIVE}', folder, sha256, keep)
    if files is None:
        return f'{folder} has the files of {ARCHIVE} already.'
    return f'{folder} has {files:,} files.'
