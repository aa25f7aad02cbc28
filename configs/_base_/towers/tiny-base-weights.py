# What the tiny models start from: weights that come with the package, trained
# by the recipes in configs/vit and configs/bert.
weights = 'pkg://elip_mm/weights'
vit_init = dict(type='Pretrained', prefix='backbone.')

# A tower as DeiT has it, for ALBEF and BLIP.
deit_init = dict(
    vit_init,
    checkpoint=f'{weights}/vit-tiny-p8_dense-labels_synthetic-scenes-64px/'
    'model.safetensors',
)
# With a norm before the first layer, for CLIP.
clip_init = dict(
    vit_init,
    checkpoint=f'{weights}/'
    'vit-tiny-p8-prenorm_dense-labels_synthetic-scenes-64px/'
    'model.safetensors',
)
# With QuickGELU besides, as OpenAI's, for METER.
openai_init = dict(
    vit_init,
    checkpoint=f'{weights}/'
    'vit-tiny-p8-quickgelu_dense-labels_synthetic-scenes-64px/'
    'model.safetensors',
)
# Without class token, for SigLIP's attention pooling.
map_init = dict(
    vit_init,
    checkpoint=f'{weights}/'
    'vit-tiny-p8-nocls_dense-labels_synthetic-scenes-64px/'
    'model.safetensors',
)

# BERT has never seen an image; positions are merely counted. Its head is that
# of the language heads; BLIP has no token types.
bert_init = dict(
    type='Pretrained',
    allow_missing=['*.crossattention.*', '*.position_ids'],
    allow_unexpected=['cls.*', '*.token_type_embeddings.weight'],
)
predictor_init = dict(type='Pretrained', prefix='cls.predictions.')
# BERT of as many layers as the text towers have.
albef_text, blip_text, meter_text = (
    f'{weights}/text-tiny-4layer_mlm_synthetic-scenes',
    f'{weights}/text-tiny-3layer_mlm_synthetic-scenes',
    f'{weights}/text-tiny-2layer_mlm_synthetic-scenes',
)

# What a tower has learned survives a low rate only; the rest of a model starts
# from noise. Norms, biases, the class token and
# positions stay undecayed.
gentle_optim = dict(
    constructor='elip_mm.CustomKeysOptimWrapperConstructor',
    paramwise_cfg=dict(
        custom_keys={
            'vision_backbone': dict(lr_mult=0.05),
            'vision_backbone.cls_token': dict(lr_mult=0.05, decay_mult=0.0),
            'vision_backbone.pos_embed': dict(lr_mult=0.05, decay_mult=0.0),
        }
    ),
)
