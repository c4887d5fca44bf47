"""Tables in Markdown."""

from collections.abc import Sequence


def markdown_table(
    header: Sequence[str], cells: Sequence[Sequence[str]], aligned: bool = True
) -> str:
    """Return a table in Markdown.

    Args:
        header: titles of the columns.
        cells: by row.
        aligned: fill the cells of a column to one width.

    >>> print(markdown_table(('name', 'G'), [('`a`', '1.5')]))
    | name | G   |
    |------|-----|
    | `a`  | 1.5 |
    >>> print(markdown_table(('name', 'G'), [('`a`', '')], aligned=False))
    | name | G |
    |---|---|
    | `a` |  |
    """
    table = [header, *cells]
    widths = [0] * len(header)
    if aligned:
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ['| ' + ' | '.join(map(str.ljust, row, widths)) + ' |' for row in table]
    rule = ['-' * (width + 2 if aligned else 3) for width in widths]
    return '\n'.join([lines[0], f'|{"|".join(rule)}|', *lines[1:]])
