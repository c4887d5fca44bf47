import torch


def scores_of(results, name='pred_score'):
    return torch.stack([sample.get(name) for sample in results['predictions']])
