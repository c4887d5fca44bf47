import logging
import warnings

import torch
from torch import nn

from mmavssl.apis.tracing import is_dynamic, quiet, to_program


def test_encoder_layers_are_traced_as_they_are_written():
    """Their fused form, which eval mode takes otherwise, has no equal in ONNX."""
    layer = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True).eval()
    example = {'src': torch.randn(2, 3, 8)}
    program = to_program(layer, example, dynamic=False)
    assert not is_dynamic(program)
    operators = {str(node.target) for node in program.graph.nodes}
    assert not any('_transformer_encoder_layer_fwd' in operator for operator in operators)
    with torch.no_grad():
        torch.testing.assert_close(program.module()(**example), layer(**example))


def test_open_batch_size():
    program = to_program(nn.Linear(3, 2), {'input': torch.randn(2, 3)}, dynamic=True)
    assert is_dynamic(program)
    for count in (1, 2, 5):
        assert program.module()(input=torch.randn(count, 3)).shape == (count, 2)


def test_quiet(caplog, recwarn):
    with quiet():
        warnings.warn('of torch', stacklevel=1)
        logging.getLogger('onnxscript').error('of torch')
    assert 'of torch' not in [str(each.message) for each in recwarn]  # others may warn meanwhile
    assert 'of torch' not in caplog.messages
    logging.getLogger('onnxscript').error('of torch')
    assert caplog.messages.count('of torch') == 1
