# Copyright (c) elip_mm contributors. All rights reserved.
import torch

from elip_mm.checkpoint import load_checkpoint_file
from elip_mm.checkpoint.config_text import set_config_text_aside


def test_every_text_that_mmengine_runs_is_set_aside(tmp_path):
    path = str(tmp_path / 'a.pth')
    hub = dict(runtime_info=dict(cfg='c = 3', step=1))
    meta = dict(cfg='a = 1', config='b = 2', epoch=4)
    torch.save(dict(meta=meta, message_hub=hub), path)
    loaded = load_checkpoint_file(path)
    assert loaded['meta'] == dict(epoch=4, config_text='a = 1')
    assert loaded['message_hub']['runtime_info'] == dict(step=1)


def test_what_has_no_such_text_stays_as_it_is():
    for content in (
        5,
        dict(meta=None, message_hub=3),
        dict(message_hub=dict(runtime_info=[])),
        dict(meta=dict(epoch=1)),
    ):
        assert set_config_text_aside(content) == content
    assert set_config_text_aside(dict(meta=dict(config=5))) == dict(meta={})
