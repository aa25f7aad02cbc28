# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.launch import check_checkpoint_path
from elip_mm.launch.config import read_config


def test_path_of_a_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    path.touch()
    check_checkpoint_path(str(path), '--resume')
    check_checkpoint_path('https://host/a.pth', '--resume')  # not looked up
    monkeypatch.setenv('HOME', str(tmp_path))
    check_checkpoint_path('~/a.pth', '--resume')
    with pytest.raises(FileNotFoundError, match='b.pth; .* given to --resume'):
        check_checkpoint_path('b.pth', '--resume')


@pytest.mark.parametrize(
    'base, text, message',
    [
        ('a = 3', 'b = (\n', r'config.py:\d: syntax error: .* never closed'),
        ('a = 3\nb ==== 3', 'c = 3', 'base.py:2: syntax error: invalid'),
        ('a = 3', 'b = 3\nc = 1 / 0', 'config.py:3: ZeroDivisionError: divi'),
        ('a = []\na[0]', 'b = 3', 'base.py:2: IndexError: list index'),
        ('a = 3', 'b = _base_.x', 'config.py:2: .*x'),
        ('_base_ = "no.py"', '', 'FileNotFoundError: .*no.py'),
        ('a = 3', 'b = "\x00"', 'config.py:1: syntax error'),
    ],
)
def test_errors_in_a_config_come_with_file_and_line(
    tmp_path, base, text, message
):
    (tmp_path / 'base.py').write_text(base)
    path = tmp_path / 'config.py'
    path.write_text(f"_base_ = 'base.py'\n{text}\n")
    with pytest.raises(ValueError, match=message) as error:
        read_config(str(path))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    'options, message',
    [
        ({'custom_hooks.7.interval': 3}, 'Index 7 exceeds the length'),
        ({'log_level.x': 3}, 'does not fit'),
        ({'train_cfg.max_epohs': 3}, 'did you mean max_epochs'),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, message):
    path = tmp_path / 'config.py'
    path.write_text(
        "custom_hooks = []\nlog_level = 'INFO'\n"
        'train_cfg = dict(by_epoch=True, max_epochs=3)\n'
    )
    with pytest.raises(ValueError, match=message):
        read_config(str(path), options)
