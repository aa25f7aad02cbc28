# The text tower of the tiny METER.
_base_ = './bert-tiny-4layer_mlm_1xb64-3k_synthetic-scenes.py'

model = dict(
    tokenizer=dict(
        _delete_=True, type='elip_mm.SceneTokenizer', context_length=32
    ),
    config=dict(num_hidden_layers=2),
)
