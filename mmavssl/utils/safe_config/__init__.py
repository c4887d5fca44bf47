"""Load a config file that somebody else wrote without running code of theirs."""

from mmavssl.utils.safe_config.files import check_files_are_data
from mmavssl.utils.safe_config.values import check_values

__all__ = ['check_files_are_data', 'check_values']
