# Copyright (c) elip_mm contributors. All rights reserved.
"""Adapters are found by the classes of a model, and imported on demand."""

import subprocess
import sys

import pytest
from torch import nn

from elip_mm.adapters import ModelAdapter
from elip_mm.adapters.finding import find_adapter
from elip_mm.registry import MODEL_ADAPTERS

from .zoo import TOWERS, build


class Eye(nn.Module):
    """A model that no adapter of the library is made for."""


class Owl(Eye):
    """A model that is made from it."""


@pytest.fixture
def register():
    """Register adapters for the length of a test."""
    added = []

    def add(**members):
        kind = type(f'Adapter{len(added)}', (ModelAdapter,), members)
        added.append(kind.__name__)
        return MODEL_ADAPTERS.register_module(module=kind)

    yield add
    for name in added:
        MODEL_ADAPTERS.module_dict.pop(name)


@pytest.mark.parametrize('name', sorted(TOWERS))
def test_each_model_of_mmpretrain_has_its_adapter(name, tmp_path):
    adapter = find_adapter(build(name, tmp_path))
    assert type(adapter).__name__ == f'{name}Adapter'
    assert adapter.tower == TOWERS[name]


def test_adapters_of_the_library_are_imported_when_a_model_asks():
    code = (
        'import sys, elip_mm.adapters as room\n'
        'from elip_mm.adapters.finding import find_adapter\n'
        'from torch import nn\n'
        'own = [f"elip_mm.adapters.{n}" for n in '
        '("blip", "clip", "classifier")]\n'
        'assert find_adapter(nn.Linear(1, 1)) is None\n'
        'assert not set(own) & set(sys.modules), "imported too early"\n'
        'from mmpretrain.models import ImageClassifier\n'
        'model = ImageClassifier.__new__(ImageClassifier)\n'
        'assert find_adapter(model).tower == "backbone"\n'
        'print([name in sys.modules for name in own])\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split('\n')[-2] == '[False, False, True]'


def test_a_user_names_a_class_or_its_path(register):
    assert find_adapter(Eye()) is None
    by_class = register(model_type=Eye)
    assert type(find_adapter(Owl())) is by_class
    by_path = register(model_type=f'{__name__}.Owl')
    assert type(find_adapter(Owl())) is by_path
    assert type(find_adapter(Eye())) is by_class


def test_the_last_adapter_of_a_class_counts(register, tmp_path):
    own = register(
        model_type='mmpretrain.models.multimodal.BlipVQA', tower='eye'
    )
    model = build('BlipVQA', tmp_path)
    find_adapter(model)
    later = register(model_type=type(model))
    assert type(find_adapter(model)) is later is not own


def test_other_libraries_are_not_imported(register):
    register(model_type='no_such_library.models.Eye')
    # Not installed, yet nobody notices until one of its models comes along.
    assert find_adapter(Eye()) is None
    # This one is installed, but it is not a library of the model.
    register(model_type='this.Eye')
    assert find_adapter(Eye()) is None
    assert 'this' not in sys.modules
