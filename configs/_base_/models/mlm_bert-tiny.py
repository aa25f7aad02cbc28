# BERT in the width of the tiny models.
width = 64
model = dict(
    type='elip_mm.MaskedLanguagePretrainer',
    config=dict(
        model_type='bert',
        hidden_size=width,
        num_attention_heads=4,
        intermediate_size=4 * width,
        max_position_embeddings=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.07,  # 0.02 * (768 / 64) ** 0.5
    ),
    mask_ratio=0.3,  # captions are short, and most words follow from others
)
