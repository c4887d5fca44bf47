from collections import OrderedDict

import pytest
from mmengine.logging import MessageHub


@pytest.fixture(autouse=True)
def own_message_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin in the first epoch, in whatever run another test has left the process."""
    monkeypatch.setattr(MessageHub, '_instance_dict', OrderedDict())
