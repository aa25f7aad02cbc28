# The text tower of the tiny ALBEF.
_base_ = [
    '../_base_/models/mlm_bert-tiny.py',
    '../_base_/datasets/captions_synthetic-scenes.py',
    '../_base_/schedules/base-tiny_adamw-onecycle_6k.py',
    '../_base_/default_runtime.py',
]

model = dict(
    tokenizer=dict(
        type='elip_mm.ALBEFTokenizer', name_or_path=None, context_length=32
    ),
    config=dict(num_hidden_layers=4),
)

param_scheduler = dict(total_steps=3000)
