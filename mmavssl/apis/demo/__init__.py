"""What the demo page does with a clip that somebody sends it."""

from mmavssl.apis.demo.address import check_address
from mmavssl.apis.demo.folder import folder_of_page
from mmavssl.apis.demo.page import Answer, launch_settings, make_page
from mmavssl.apis.demo.service import DemoService
from mmavssl.apis.demo.upload import UploadLimits, check_upload

__all__ = [
    'Answer',
    'DemoService',
    'UploadLimits',
    'check_address',
    'check_upload',
    'folder_of_page',
    'launch_settings',
    'make_page',
]
