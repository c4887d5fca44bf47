from mmavssl.models.utils.report import Report, braces


def rows(report):
    return [' '.join(line.split()) for line in report.table()][1:]


def test_blocks_and_parts_of_a_layer_share_a_row():
    report = Report()
    for i in range(12):
        for kind in ('weight', 'bias'):
            report.take(f'blocks.{i}.fc.{kind}', (f'encoder.layer.{i}.dense.{kind}',))
    report.take('cls_token', ('cls',))
    report.take('norm.weight', ('norm/scale',))
    report.take('out.weight', ('out/kernel',), 'transposed')
    report.take('out.bias', ('out/bias',))
    assert rows(report) == [
        'copied encoder.layer.*.dense.{weight,bias} blocks.*.fc.{weight,bias} 24',
        'copied cls cls_token 1',
        'copied norm/scale norm.weight 1',
        'transposed out/kernel out.weight 1',
        'copied out/bias out.bias 1',
    ]


def test_all_that_keeps_its_name_has_one_row():
    report = Report()
    for name in ('conv.weight', 'bn.running_mean', 'layer1.0.conv.weight'):
        report.take(name, (name,))
        report.take(f'inner.{name}', (name,))
        report.take(name.replace('conv', 'fc'), (f'student.{name.replace("conv", "fc")}',))
    report.take('stem.conv', ('xconv',))
    report.take('xstem', ('stem',))
    report.take('scaled', ('scaled',), 'halved')
    assert rows(report) == [
        'copied * * 2',
        'copied * inner.* 3',
        'copied student.* * 3',
        'copied xconv stem.conv 1',
        'copied stem xstem 1',
        'halved scaled scaled 1',
    ]


def test_columns_are_aligned():
    report = Report()
    report.take('a', ('much longer',))
    report.leave('b')
    assert report.table() == [
        'what                       from         to  tensors',
        'copied                     much longer  a         1',
        'left at its initial value               b         1',
    ]


def test_changes_follow_each_other():
    report = Report()
    report.take('qkv', ('q', 'k', 'v'), 'joined')
    report.change('qkv', 'halved')
    report.change('new', 'resized')
    assert rows(report) == ['joined, halved {q,k,v} qkv 1', 'resized new new 1']


def test_dropped_by_groups_and_under_the_names_of_the_file():
    report = Report()
    report.take('dist_token', ('v.dist_token',))
    report.drop('dist_token')
    for name in ('decoder.a', 'decoder.b'):
        report.drop(name, 'decoder.*')
    report.drop('head')
    report.aside = {'head'}
    assert rows(report) == ['dropped v.dist_token 1', 'dropped decoder.* 2', 'kept aside head 1']
    assert report.origins == {}


def test_left_is_said_once():
    report = Report()
    report.leave('a')
    report.leave('a')
    assert rows(report) == ['left at its initial value a 1']


def test_two_steps_in_one_report():
    first, second = Report(), Report()
    first.layout = 'theirs'
    first.take('qkv', ('q', 'k'), 'joined')
    first.take('cls', ('token',))
    first.leave('time')
    first.drop('head')
    for name in ('qkv', 'cls', 'time'):
        second.take(f'student.{name}', (name,))
    whole = second.after(first)
    assert whole.layout == 'theirs'
    assert rows(whole) == [
        'joined {q,k} student.qkv 1',
        'copied token student.cls 1',
        'left at its initial value student.time 1',
        'dropped head 1',
    ]


def test_braces():
    assert braces(['a.b']) == 'a.b'
    assert braces(['a.q.x', 'a.k.x']) == 'a.{q,k}.x'
    assert braces(['n.q_bias', 'n.v_bias']) == 'n.{q,v}_bias'
