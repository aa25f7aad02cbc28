# Copyright (c) elip_mm contributors. All rights reserved.
"""The six models of mmpretrain that can be made to prune, made tiny."""

import json
import string

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch.utils.data import Dataset

from elip_mm.registry import DATASETS

WIDTH, SIZE, PATCH = 48, 48, 8
NUM_TOKENS = 1 + (SIZE // PATCH) ** 2
WORDS = 'a red blue small large circle square star on the is there yes no two'
ELIP = dict(
    type='elip_mm.ELIPReducer',
    stages=[
        dict(layer=1, look_ahead=1, keep_ratio=0.75),
        dict(layer=2, look_ahead=2, keep_ratio=0.5),
    ],
)
# 36 patches: 27 and then 18 kept, each time with a merged and a class token.
ELIP_TOKENS = [37, 29, 20, 20]

VIT = dict(
    type='mmpretrain.VisionTransformer',
    arch=dict(
        embed_dims=WIDTH,
        num_layers=4,
        num_heads=4,
        feedforward_channels=96,
    ),
    img_size=SIZE,
    patch_size=PATCH,
    out_type='raw',
)


def write_bert_vocabulary(folder):
    """A folder for BlipTokenizer."""
    pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    pieces += WORDS.split() + list(string.ascii_lowercase[1:])
    pieces += [f'##{letter}' for letter in string.ascii_lowercase]
    (folder / 'vocab.txt').write_text('\n'.join(pieces) + '\n')
    return dict(type='mmpretrain.BlipTokenizer', name_or_path=str(folder))


def write_clip_vocabulary(folder):
    """A folder for the slow CLIP tokenizer: letters, no merges."""
    letters = list(string.ascii_lowercase)
    pieces = letters + [f'{letter}</w>' for letter in letters]
    pieces += ['<|startoftext|>', '<|endoftext|>']
    ids = {piece: number for number, piece in enumerate(pieces)}
    (folder / 'vocab.json').write_text(json.dumps(ids))
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    (folder / 'tokenizer_config.json').write_text(
        json.dumps(dict(tokenizer_class='CLIPTokenizer'))
    )
    tokenizer = dict(
        type='mmpretrain.AutoTokenizer',
        name_or_path=str(folder),
        use_fast=False,
    )
    return tokenizer, len(pieces)


def bert(width=WIDTH, **kwargs):
    return dict(
        architectures=['BertModel'],
        attention_probs_dropout_prob=0.1,
        hidden_act='gelu',
        hidden_dropout_prob=0.1,
        hidden_size=width,
        initializer_range=0.5,
        intermediate_size=96,
        layer_norm_eps=1e-12,
        max_position_embeddings=64,
        model_type='bert',
        num_attention_heads=4,
        num_hidden_layers=2,
        pad_token_id=0,
        add_type_embeddings=False,
        vocab_size=80,
        encoder_width=WIDTH,
        add_cross_attention=True,
        **kwargs,
    )


def blip_retrieval(folder):
    return dict(
        type='mmpretrain.BlipRetrieval',
        tokenizer=write_bert_vocabulary(folder),
        vision_backbone=VIT,
        text_backbone=dict(type='mmpretrain.XBertEncoder', med_config=bert()),
        vision_neck=dict(
            type='mmpretrain.Linear', in_features=WIDTH, out_features=16
        ),
        text_neck=dict(
            type='mmpretrain.Linear', in_features=WIDTH, out_features=16
        ),
        head=dict(type='mmpretrain.ITCHead', embed_dim=16, queue_size=8),
        multimodal_head=dict(
            type='mmpretrain.ITMHead', hidden_size=WIDTH, with_pooler=False
        ),
        topk=2,
        max_txt_len=12,
    )


def decoder():
    return dict(type='mmpretrain.XBertLMHeadDecoder', med_config=bert())


def blip_caption(folder):
    return dict(
        type='mmpretrain.BlipCaption',
        tokenizer=write_bert_vocabulary(folder),
        vision_encoder=VIT,
        decoder_head=dict(
            type='mmpretrain.SeqGenerationHead', decoder=decoder()
        ),
        prompt='a ',
        max_txt_len=12,
    )


def blip_vqa(folder):
    answers = folder / 'answers.json'
    answers.write_text(json.dumps(['yes', 'no', 'two']))
    return dict(
        type='mmpretrain.BlipVQA',
        tokenizer=write_bert_vocabulary(folder),
        vision_backbone=VIT,
        multimodal_backbone=dict(
            type='mmpretrain.XBertEncoder', med_config=bert()
        ),
        head=dict(
            type='mmpretrain.VQAGenerationHead',
            decoder=decoder(),
            inference_method='rank',
            answer_list_path=str(answers),
        ),
    )


def blip_nlvr(folder):
    return dict(
        type='mmpretrain.BlipNLVR',
        tokenizer=write_bert_vocabulary(folder),
        vision_backbone=VIT,
        multimodal_backbone=dict(
            type='mmpretrain.BertModel',
            config=bert(nlvr=True),
            add_pooling_layer=False,
        ),
    )


def image_classifier(folder):
    return dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(VIT, out_type='avg_featmap'),
        head=dict(
            type='mmpretrain.LinearClsHead', num_classes=3, in_channels=WIDTH
        ),
    )


def clip(folder):
    tokenizer, size = write_clip_vocabulary(folder)
    return dict(
        type='mmpretrain.CLIPZeroShot',
        vision_backbone=dict(VIT, out_type='cls_token', pre_norm=True),
        projection=dict(
            type='mmpretrain.CLIPProjection',
            in_channels=WIDTH,
            out_channels=16,
        ),
        text_backbone=dict(
            type='mmpretrain.CLIPTransformer',
            width=32,
            layers=2,
            heads=4,
            attn_mask=True,
        ),
        tokenizer=tokenizer,
        vocab_size=size,
        transformer_width=32,
        proj_dim=16,
        text_prototype=['red circle', 'blue star', 'square'],
        text_prompt='vanilla',
        context_length=32,
    )


MODEL_CONFIGS = dict(
    BlipRetrieval=blip_retrieval,
    BlipCaption=blip_caption,
    BlipVQA=blip_vqa,
    BlipNLVR=blip_nlvr,
    ImageClassifier=image_classifier,
    CLIP=clip,
)
GUIDED = ('BlipRetrieval', 'BlipVQA', 'BlipNLVR')
TOWERS = dict(
    BlipRetrieval='vision_backbone',
    BlipCaption='visual_encoder',
    BlipVQA='vision_backbone',
    BlipNLVR='vision_backbone',
    ImageClassifier='backbone',
    CLIP='visual',
)
PREPROCESSORS = dict(
    ImageClassifier=dict(type='mmpretrain.ClsDataPreprocessor')
)
PLAIN_PREPROCESSOR = dict(
    type='mmpretrain.MultiModalDataPreprocessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    to_rgb=True,
)


def model_config(name, folder):
    """Config of a model, with the preprocessor that its task has."""
    folder = folder / name
    folder.mkdir(exist_ok=True)
    config = MODEL_CONFIGS[name](folder)
    config['data_preprocessor'] = dict(
        PREPROCESSORS.get(name, PLAIN_PREPROCESSOR)
    )
    return config


def build(name, folder):
    """A model with random weights, the same at each call."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        torch.manual_seed(3)
        model = MODELS.build(model_config(name, folder))
        for parameter in model.parameters():
            if parameter.ndim == 1 or parameter.ndim == 3:
                torch.nn.init.normal_(parameter, 0.5, 0.3)
    return model


@DATASETS.register_module()
class TinyPairs(Dataset):
    """Noise with whatever any of the tasks wants to know.

    Args:
        two (bool): Whether a sample has two images. Defaults to False.
    """

    metainfo = dict(classes=('a', 'b', 'c'))
    texts = ('a red circle', 'two small star', 'the large blue square', 'no')

    def __init__(self, two=False):
        self.two = two

    def __len__(self):
        return 4

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        shape = (2, 3, SIZE, SIZE) if self.two else (3, SIZE, SIZE)
        pixels = torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))
        sample = DataSample(
            text=self.texts[index],
            question=f'is there {self.texts[index]}',
            gt_caption=f'{self.texts[index]}',
            gt_answer=['yes', 'no'][: 1 + index % 2],
            gt_answer_weight=[1.0, 0.5][: 1 + index % 2],
            is_matched=True,
            metainfo=dict(image_id=index),
        )
        sample.set_gt_label(index % 2)
        return dict(inputs=pixels, data_samples=sample)


def load_batch(model, name):
    """The four samples, preprocessed."""
    from mmengine.dataset import default_collate

    dataset = TinyPairs(two=name == 'BlipNLVR')
    batch = default_collate([dataset[index] for index in range(4)])
    return model.data_preprocessor(batch, training=False)
