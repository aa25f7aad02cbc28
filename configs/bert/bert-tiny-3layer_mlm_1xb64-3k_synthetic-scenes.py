# The text tower of the tiny BLIP.
_base_ = './bert-tiny-4layer_mlm_1xb64-3k_synthetic-scenes.py'

model = dict(
    tokenizer=dict(type='elip_mm.BLIPTokenizer'),
    config=dict(num_hidden_layers=3),
)
