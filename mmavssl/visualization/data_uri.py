"""Pictures and sounds that stand in a page itself."""

import base64
import io

import numpy as np
from PIL import Image

#: Pictures up to this height are exact; higher ones would make a page of many megabytes.
EXACT_HEIGHT = 160
JPEG_QUALITY = 92


def picture_uri(picture: np.ndarray) -> str:
    """Return the data URI of a picture, uint8 (H, W, 3): PNG, or JPEG where it is high."""
    file = io.BytesIO()
    if len(picture) <= EXACT_HEIGHT:
        Image.fromarray(picture).save(file, 'png', optimize=True)
        return data_uri('image/png', file.getvalue())
    Image.fromarray(picture).save(file, 'jpeg', quality=JPEG_QUALITY, subsampling=0)
    return data_uri('image/jpeg', file.getvalue())


def data_uri(kind: str, content: bytes) -> str:
    """Return the data URI of a file of that MIME type.

    >>> data_uri('text/plain', b'mask')
    'data:text/plain;base64,bWFzaw=='
    """
    return f'data:{kind};base64,{base64.b64encode(content).decode()}'
