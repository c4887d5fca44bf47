"""Parts of Markdown files that tools write, between two comments."""

from mmavssl.utils.errors import ConfigError

BEGIN, END = '<!-- {name}: written by {tool} -->', '<!-- end of {name} -->'


def replace_part(text: str, name: str, tool: str, content: str) -> str:
    r"""Return a text with another content between the comments of a part.

    Args:
        text: of the file.
        name: of the part.
        tool: that writes it, as the first comment says.
        content: new lines of the part.

    Raises:
        ConfigError: a comment is missing, or occurs twice.

    >>> text = '<!-- a: written by b.py -->\nold\n<!-- end of a -->\n'
    >>> print(replace_part(text, 'a', 'b.py', 'new'), end='')
    <!-- a: written by b.py -->
    <BLANKLINE>
    new
    <BLANKLINE>
    <!-- end of a -->
    """
    begin, end = BEGIN.format(name=name, tool=tool), END.format(name=name)
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ConfigError(f'Expected one pair of lines {begin!r} and {end!r} in the file.')
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f'{before}{begin}\n\n{content.strip()}\n\n{end}{after}'
