import pytest

from mmavssl.datasets.preparation.class_names import ClassNames, part_of
from mmavssl.datasets.preparation.recipe import shipped_classes


@pytest.mark.parametrize('name', ['k400', 'vggsound'])
def test_classes_as_folders_spell_them(name):
    classes = shipped_classes(name)
    names = ClassNames(classes)
    for text in classes:
        assert names.find(text) == text
        assert names.find(text.replace(' ', '_')) == text
        assert names.find(text.replace(',', '').replace("'", '').title()) == text
    assert names.find('videos') is None


def test_parts():
    names = [
        'train',
        'videos_train',
        'train_256',
        'val',
        'rawvideos_val',
        'test',
        'all',
        'Trainer',
    ]
    assert [part_of(name) for name in names] == [
        'train', 'train', 'train', 'val', 'val', 'test', None, None
    ]  # fmt: skip
    assert part_of('train_and_val') is None
