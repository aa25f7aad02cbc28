# Copyright (c) elip_mm contributors. All rights reserved.


def bert_class(name: str) -> type:
    """Find a class of mmpretrain's language module.

    Args:
        name (str): Its name.

    Returns:
        type: The class.
    """
    try:
        from mmpretrain.models.multimodal.blip import language_model
    except (ImportError, TypeError) as error:
        raise _missing(str(error)) from error
    # The module swallows a failed import and goes on with None.
    if language_model.apply_chunking_to_forward is None:
        raise _missing('transformers moved something')
    return getattr(language_model, name)


def _missing(why: str) -> ImportError:
    return ImportError(
        'The BERT towers of ALBEF and BLIP need transformers>=4.36,<4.52 and '
        "pycocotools; pip install 'elip_mm[multimodal]' brings both "
        f'({why}).'
    )
