# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any

__all__ = ['ASIDE', 'set_config_text_aside']

# Key in ``meta`` under which the text of a config is kept; no evaluator looks
# there.
ASIDE = 'config_text'


def set_config_text_aside(content: Any) -> Any:
    """Move the configs of a checkpoint to where nothing runs them.

    A config is a program, and its data alone can name any function to call.
    mmengine's runners pass ``meta.config`` on to the interpreter when they
    resume, and its inferencers pass on ``meta.cfg`` or
    ``message_hub.runtime_info.cfg`` if they are given weights alone. The text
    stays readable as ``meta.config_text``.

    Args:
        content (Any): Content of a checkpoint; changed in place.

    Returns:
        Any: The same.
    """
    if not isinstance(content, dict):
        return content
    meta = content.get('meta')
    hub = content.get('message_hub')
    info = hub.get('runtime_info') if isinstance(hub, dict) else None
    found = [
        holder.pop(key)
        for holder, key in ((meta, 'cfg'), (meta, 'config'), (info, 'cfg'))
        if isinstance(holder, dict) and key in holder
    ]
    texts = [text for text in found if isinstance(text, str)]
    if texts and isinstance(meta, dict):
        meta[ASIDE] = texts[0]
    return content
