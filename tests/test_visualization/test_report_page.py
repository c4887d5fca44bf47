from html.parser import HTMLParser

import numpy as np

from mmavssl.visualization import report_page as page

FRAMES = np.zeros((8, 48, 64, 3), np.uint8)


class Reader(HTMLParser):
    """Checks that elements end, and keeps their attributes."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ''

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ('meta', 'img'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(text):
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return reader


def test_page_is_one_file_of_whole_elements(tmp_path):
    sections = [
        page.Section('Settings', [page.facts_table({'a <b>': 'x & y'}), page.remark('1 < 2')]),
        page.Section('Rest', [page.numbers_table(('name', 'n'), [('cat', '3')]),
                              page.figure_html(FRAMES[0], 'nothing'), page.folded('c', '<d>')]),
    ]  # fmt: skip
    text = page.save_report(tmp_path / 'new' / 'r.html', 'run <1>', sections)
    assert (tmp_path / 'new' / 'r.html').read_text() == text
    reader = read(text)
    for words in ('run <1>', 'a <b>', 'x & y', '1 < 2', 'cat', '<d>'):
        assert words in reader.text
    links = {values['href'] for tag, values in reader.seen if tag == 'a'}
    assert links == {f'#{values["id"]}' for tag, values in reader.seen if tag == 'section'}
    sources = [values['src'] for tag, values in reader.seen if 'src' in values]
    assert sources
    assert all(source.startswith('data:') for source in sources)


def test_example_shows_the_true_class_even_where_it_is_unlikely():
    probs = np.array([0.5, 0.3, 0.15, 0.05])
    reader = read(page.example_html('v.mp4', FRAMES, probs, 3, ['a', 'b', 'c', 'd<'], topk=2))
    bars = [values['class'] for tag, values in reader.seen if values.get('class', '')[:3] == 'bar']
    assert bars == ['bar', 'bar', 'bar true']
    widths = [values['style'] for tag, values in reader.seen if tag == 'i']
    assert widths == ['width:50.0%', 'width:30.0%', 'width:5.0%']
    assert 'd<' in reader.text
