# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import TASK_UTILS
from elip_mm.structures import TokenState
from elip_mm.utils.precision import exact, similarity, widen

from .gallery_rows import GalleryRows, find_gallery_rows
from .retrieval import (
    DualEncoderRetrieval,
    Predictions,
    collect_targets,
    fill_samples,
)


@TASK_UTILS.register_module()
class RerankedRetrieval(DualEncoderRetrieval):
    """Retrieval in two stages: joint features first, then matching.

    The joint features propose ``k_test`` candidates for every query, the
    matching head scores these, and all others rank behind them.

    Processes share the work by images: image tokens, by far the largest of
    all that is kept, never leave the process that made them. The result does
    not depend on the number of processes.

    The model has ``heads['itm']``, ``cross_encode`` and ``stored_text``.

    Args:
        k_test (int): Candidates per query that matching ranks again; 0
            leaves matching out, more than there are means all. Defaults to
            256.
        batch_size (int): Pairs of one pass. Defaults to 256.
        score (str): What ranks them: ``'logit'`` of a match, as published,
            or ``'logit_margin'``, that minus the logit of "no match". Only
            the difference is trained; the logit alone has an offset of its
            own in every pair. Defaults to 'logit'.
        add_similarity (bool): Whether the cosine is added to the score, as
            BLIP does and ALBEF does not. Defaults to False.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 5.
    """

    def __init__(
        self,
        k_test: int = 256,
        batch_size: int = 256,
        score: str = 'logit',
        add_similarity: bool = False,
    ) -> None:
        if score not in ('logit', 'logit_margin'):
            raise ValueError(
                "RerankedRetrieval: score must be 'logit' or 'logit_margin', "
                f'but got {score!r}.'
            )
        self.k_test = k_test
        self.batch_size = batch_size
        self.score = score
        self.add_similarity = add_similarity

    def image_features(
        self, model: BaseModel, vision: TokenState
    ) -> Dict[str, Tensor]:
        """Add ``image_tokens (B, M, C)``, which matching looks at."""
        return dict(
            super().image_features(model, vision), image_tokens=vision.tokens
        )

    def text_features(
        self, model: BaseModel, ids: Tensor
    ) -> Dict[str, Tensor]:
        """Add what ``stored_text`` keeps, padded to the context length."""
        # The loop joins batches, which may be padded differently.
        room = model.tokenizer.context_length - ids.shape[1]
        ids = F.pad(ids, (0, room), value=model.tokenizer.pad_id)
        text = model.encode_text(ids)
        return dict(text_feat=text.embedded, **model.stored_text(text))

    def predict_all(
        self,
        model: BaseModel,
        feats: Dict[str, Tensor],
        data_samples: List[DataSample],
        num_images: Optional[int] = None,
        num_texts: Optional[int] = None,
    ) -> Tuple[Predictions, Predictions]:
        """Score every local image with all texts, and the other way round.

        Args:
            model (LanguageImageModel): The model.
            feats (dict[str, Tensor]): Output of :meth:`extract` for the local
                images and their texts, in order of the data set over the
                ranks.
            data_samples (list[DataSample]): The local samples with
                ``gt_text_id`` and ``gt_image_id``.
            num_images (int, optional): Images of the whole set; what samplers
                repeat behind them is left out. Defaults to None, all.
            num_texts (int, optional): Texts of the whole set. Defaults to
                None, all.

        Returns:
            tuple[list[DataSample], list[DataSample]]: One sample per local
            image with scores of all texts, one per local text with scores of
            all images; ``contrastive_score`` is what the joint features alone
            say.
        """
        images, texts = find_gallery_rows(data_samples, num_images, num_texts)
        local = dict(feats)
        tokens = local.pop('image_tokens')
        image = widen(images.gather(local.pop('image_feat')))
        every = {name: texts.gather(value) for name, value in local.items()}
        text = every['text_feat'] = widen(every['text_feat'])

        plain_text = to_text = similarity(image[images.places], text)
        plain_image = to_image = similarity(text[texts.places], image)
        if self.k_test:
            pairs = _Pairs(self, model, image, tokens, images, every)
            to_text = pairs.rank_texts()
            to_image = pairs.rank_images()[texts.places]
        text_targets, image_targets = collect_targets(data_samples)
        return (
            fill_samples(
                to_text, [text_targets[row] for row in images.own], plain_text
            ),
            fill_samples(
                to_image,
                [image_targets[row] for row in texts.own],
                plain_image,
            ),
        )


class _Pairs:
    """Scores of chosen pairs of local images with any texts.

    Args:
        task (RerankedRetrieval): Settings.
        model (BaseModel): The model.
        image (Tensor): Joint features of all images, shape ``(I, E)``.
        tokens (Tensor): Tokens of the local images, shape ``(B, M, C)``.
        rows (GalleryRows): Which of all images are local.
        texts (dict[str, Tensor]): Features of all texts.
    """

    def __init__(
        self,
        task: 'RerankedRetrieval',
        model: BaseModel,
        image: Tensor,
        tokens: Tensor,
        rows: GalleryRows,
        texts: Dict[str, Tensor],
    ) -> None:
        self.task, self.model = task, model
        # Features of a run in mixed precision are narrower.
        self.dtype = next(model.parameters()).dtype
        self.image, self.tokens = image, tokens
        self.own = rows.places.to(image.device)
        # Number of an image to its local row, -1 if it is not here.
        self.local = self.own.new_full((len(rows),), -1)
        self.local[self.own] = rows.own.to(image.device)
        self.text = texts['text_feat']
        self.ids, self.states = texts['text_ids'], texts.get('text_states')

    def rank_texts(self) -> Tensor:
        """Scores of all texts for the local images, shape ``(B, T)``."""
        chosen = self._propose(self.image[self.own], self.text)
        queries = self.own.unsqueeze(1).expand_as(chosen)
        scores = self._score(queries.flatten(), chosen.flatten())
        return self._spread(scores.view_as(chosen), chosen, len(self.text))

    def rank_images(self) -> Tensor:
        """Scores of all images for all texts, shape ``(T, I)``.

        Every process scores the proposed images that it has.
        """
        chosen = self._propose(self.text, self.image)
        queries, columns = (self.local[chosen] >= 0).nonzero(as_tuple=True)
        scores = self.text.new_full(chosen.shape, float('-inf'))
        scores[queries, columns] = self._score(
            chosen[queries, columns], queries
        )
        all_reduce(scores, op='max')
        return self._spread(scores, chosen, len(self.image))

    def _propose(self, queries: Tensor, gallery: Tensor) -> Tensor:
        """Best candidates of each query by contrast, ``(Q, k)``."""
        k = min(self.task.k_test, len(gallery))
        # In pieces: all similarities of a large set would take gigabytes.
        best = [
            similarity(part, gallery).topk(k, dim=1).indices
            for part in queries.split(1024)
        ]
        return torch.cat(best) if best else queries.new_empty(0, k).long()

    def _score(self, images: Tensor, texts: Tensor) -> Tensor:
        """Score pairs, given by positions in the whole set, ``(P,)``."""
        scores = [self.text.new_empty(0)]
        size = self.task.batch_size
        for image, text in zip(images.split(size), texts.split(size)):
            logits = self._match(image, text)
            score = logits[:, 1]
            if self.task.score == 'logit_margin':
                score = score - logits[:, 0]
            if self.task.add_similarity:
                score = score + (self.image[image] * self.text[text]).sum(1)
            scores.append(score)
        return torch.cat(scores)

    def _match(self, image: Tensor, text: Tensor) -> Tensor:
        """Logits of pairs, as wide as the weights even under autocast."""
        states = None if self.states is None else self.states[text]
        with exact(self.image.device):
            states = self.model.cross_encode(
                self.ids[text],
                None if states is None else states.to(self.dtype),
                self.tokens[self.local[image]].to(self.dtype),
            )
            return widen(self.model.heads['itm'](states))

    @staticmethod
    def _spread(scores: Tensor, chosen: Tensor, width: int) -> Tensor:
        """Put scores into their columns; all others rank last."""
        spread = scores.new_full((len(scores), width), float('-inf'))
        return spread.scatter_(1, chosen, scores)
