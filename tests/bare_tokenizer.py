# Copyright (c) elip_mm contributors. All rights reserved.


class BareTokenizer:
    """Stands where a model needs a tokenizer but gets ids directly.

    Args:
        vocab_size (int): Size of the vocabulary.
        context_length (int): Length of a text in tokens.
        **special: Ids of special tokens, such as ``mask_id``.
    """

    def __init__(
        self, vocab_size: int, context_length: int, **special: int
    ) -> None:
        self.vocab_size = vocab_size
        self.context_length = context_length
        vars(self).update(special)
