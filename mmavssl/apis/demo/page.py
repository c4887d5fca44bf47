"""The page itself, made with Gradio."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmavssl.apis.demo.upload import MEGABYTE, UploadLimits
from mmavssl.utils.errors import CLEAR, ConfigError

if TYPE_CHECKING:
    import gradio

#: Seconds between looks for uploads and answers that are too old, and how old that is.
CLEAN_EVERY, KEEP = 60, 600
#: What is wrong is red; remarks are not.
STYLE = '#message, #message * { color: #b00020; }'
NOTHING = 'Choose a clip first.'


class Answer(NamedTuple):
    """What the page shows of a clip.

    Attributes:
        scores: probability of each class by its name.
        video: file of the clip with what was heard where, or None.
        masks: RGB picture (H, W, 3) of map, mask and mixed clip, or None.
        remark: what else is to be said, or nothing.
    """

    scores: dict[str, float]
    video: str | None = None
    masks: np.ndarray | None = None
    remark: str = ''


def make_page(
    ask: Callable[[str], Answer],
    title: str,
    examples: Sequence[str | Path] = (),
    limits: UploadLimits | None = None,
    topk: int = 5,
) -> 'gradio.Blocks':
    """Return the page; ``launch`` it with what `launch_settings` returns.

    Uploads and answers are deleted after ten minutes, and when the page ends.

    Args:
        ask: what a clip shows; its errors of ours are messages on the page.
        title: of the page.
        examples: clips to choose from.
        limits: of uploads, which the page tells.
        topk: classes to show.

    Raises:
        ConfigError: Gradio is not installed.
    """
    gr = import_gradio()
    limits = limits or UploadLimits()

    with gr.Blocks(
        title=title, analytics_enabled=False, delete_cache=(CLEAN_EVERY, KEEP)
    ) as page:
        gr.Markdown(f'# {title}')
        with gr.Row():
            with gr.Column():
                clip = gr.Video(label='clip', sources=['upload'])
                gr.Markdown(
                    f'At most {limits.megabytes:g} MB and {limits.seconds:g} s. Clips and answers '
                    f"are deleted after {KEEP // 60} minutes, and when the page's server ends."
                )
                button = gr.Button('Predict', variant='primary', elem_id='predict')
                message = gr.Markdown(elem_id='message')
                remark = gr.Markdown(elem_id='remark')
                if examples:
                    gr.Examples(
                        [[str(path)] for path in examples],
                        inputs=clip,
                        label='examples',
                        example_labels=[Path(path).name for path in examples],
                    )
            with gr.Column():
                scores = gr.Label(label='classes', num_top_classes=topk, elem_id='classes')
                video = gr.Video(label='what is heard where', interactive=False, elem_id='heard')
                gr.Markdown('Map, mask and mixed clip')  # a label would lie over its title
                masks = gr.Image(
                    show_label=False, interactive=False, elem_id='masks',
                    buttons=['download', 'fullscreen'],  # no sharing on a site of Gradio's
                )  # fmt: skip
        outputs = [message, remark, scores, video, masks]
        # One at a time: a model fills a machine.
        button.click(partial(show, ask), clip, outputs, concurrency_limit=1, api_name='predict')
    return page


def show(ask: Callable[[str], Answer], clip: str | None) -> tuple:
    """Return what goes into message, remark, classes, video and picture of the page.

    Args:
        ask: as of `make_page`.
        clip: file of the clip, None where there is none.
    """
    if not clip:
        return NOTHING, '', None, None, None
    try:
        answer = ask(clip)
    except CLEAR as error:
        return str(error), '', None, None, None
    return '', answer.remark, answer.scores, answer.video, answer.masks


def launch_settings(host: str, port: int, limits: UploadLimits) -> dict[str, object]:
    """Return arguments of ``launch``: only uploads, examples and answers are served.

    Args:
        host: to listen at.
        port: to listen at; 0 for any that is free.
        limits: of uploads.
    """
    return dict(
        server_name=host,
        server_port=port or None,
        max_file_size=round(limits.megabytes * MEGABYTE),  # in words, only whole ones
        allowed_paths=[],
        share=False,
        css=STYLE,
        footer_links=[],
        ssr_mode=False,
    )


def import_gradio() -> 'gradio':
    """Return Gradio.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import gradio
    except ImportError as error:
        raise ConfigError(
            "The demo page needs Gradio, which is not installed: pip install 'mmavssl[demo]'."
        ) from error
    return gradio
