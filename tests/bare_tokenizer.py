# Copyright (c) elip_mm contributors. All rights reserved.


class BareTokenizer:
    """Stands where a model needs a tokenizer but gets ids directly."""

    def __init__(self, vocab_size: int, context_length: int) -> None:
        self.vocab_size = vocab_size
        self.context_length = context_length
