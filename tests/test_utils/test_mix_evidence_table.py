from mmavssl.utils.mix_evidence_table import table

SETTING = {
    'data': 'data/a',
    'data_sha256': '0123456789ab',
    'localizer': 'b.pth',
    'localizer_sha256': 'ba9876543210',
    'num_clips': 4,
    'repeats': 2,
    'seed': 7,
    'machine': {'processor': 'Abacus', 'cores': 3, 'commit': 'abc1234'},
    'masks': {'tube': {'share': 50.04, 'first': 49.96}},
}
FROM = (
    '4 clips of `data/a` (`0123456789ab`), 2 mixes of each, seed 7; FNAC is `b.pth` '
    '(`ba9876543210`). Measured on Abacus, 3 cores; commit abc1234.'
)


def test_a_setting_has_its_figures_and_what_they_are_from():
    text = table({'settings': {'default': SETTING}})
    head, rule, row, empty, origin = text.split('\n')
    assert head.startswith('| default | map highest on its actor | share of the first clip |')
    assert rule == '|---' * 8 + '|'
    assert row == '| tube |  | 50.0 | 50.0 |  |  |  |  |'
    assert (empty, origin) == ('', FROM)


def test_silent_first_clips_have_a_table_of_their_own():
    parts = {'first_sounds': SETTING['masks'], 'first_is_silent': {'tube': {'share': 1.0}}}
    text = table({'settings': {'one': {**SETTING, **parts}, 'two': SETTING}})
    heads = [line.split(' | ')[0] for line in text.splitlines() if ' | map highest' in line]
    assert heads == ['| one', '| one, first clip sounds', '| one, first clip silent', '| two']
    assert text.count(FROM) == 2
