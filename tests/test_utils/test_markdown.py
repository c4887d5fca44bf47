from mmavssl.utils.markdown import markdown_table


def test_columns_have_the_width_of_their_widest_cell():
    assert markdown_table(('', 'b'), [('long', '1'), ('', '±2')]).split('\n') == [
        '|      | b  |',
        '|------|----|',
        '| long | 1  |',
        '|      | ±2 |',
    ]


def test_cells_as_they_are():
    table = markdown_table(('', 'b'), [('long', '1'), ('', '±2')], aligned=False)
    assert table.split('\n') == ['|  | b |', '|---|---|', '| long | 1 |', '|  | ±2 |']


def test_no_rows():
    assert markdown_table(('a',), []) == '| a |\n|---|'
