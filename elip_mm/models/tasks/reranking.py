# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_rank
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.structures import TextFeatures

from .retrieval import Predictions, fill_samples

Rows = Tuple[int, int]


class MatchingRetrieval:
    """Retrieval in two stages, as a mixin: contrast, then matching.

    The joint features propose ``k_test`` candidates for every query, the
    matching head scores these, and all others rank behind them. The interface
    is that of mmpretrain's ``RetrievalValLoop`` and ``RetrievalTestLoop``.

    Processes share the work by images: image tokens, by far the largest of
    all that is kept, never leave the process that made them. The result does
    not depend on the number of processes.

    The model has ``k_test`` (0 leaves matching out; more than there are
    candidates means all), ``rerank_batch_size``, ``rerank_score``,
    ``heads['itm']``, ``cross_encode`` and ``stored_text``.

    Attributes:
        add_similarity (bool): Whether the cosine is added to the logit of a
            match, as BLIP does and ALBEF does not.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 5.
    """

    add_similarity = False

    def extract(
        self, images: Tensor, data_samples: Optional[List[DataSample]] = None
    ) -> Dict[str, Tensor]:
        """Features for retrieval; the images never see the captions.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Captions in ``text``.
                Defaults to None: images only.

        Returns:
            dict[str, Tensor]: ``image_feat (B, E)`` and ``image_tokens
            (B, M, C)``; for ``T`` captions ``text_feat (T, E)`` and what
            ``stored_text`` keeps, padded to the context length.
        """
        vision = self.encode_image(images, reduce=self.reduce_at_test)
        features = dict(
            image_feat=self.embed_image(vision), image_tokens=vision.tokens
        )
        if data_samples is not None:
            ids = self.tokenize(data_samples)
            # The loop joins batches, which may be padded differently.
            room = self.tokenizer.context_length - ids.shape[1]
            ids = F.pad(ids, (0, room), value=self.tokenizer.pad_id)
            text: TextFeatures = self.encode_text(ids)
            features['text_feat'] = text.embedded
            features.update(self.stored_text(text))
        return features

    @torch.no_grad()
    def predict_all(
        self,
        feats: Dict[str, Tensor],
        data_samples: List[DataSample],
        num_images: Optional[int] = None,
        num_texts: Optional[int] = None,
    ) -> Tuple[Predictions, Predictions]:
        """Score every local image with all texts, and the other way round.

        Args:
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
            tuple[list[DataSample], list[DataSample]]: One sample a local
            image with scores of all texts, one a local text with scores of
            all images; ``contrastive_score`` is what the joint features alone
            say.
        """
        local = dict(feats)
        tokens = local.pop('image_tokens')
        image, image_rows = _share(local.pop('image_feat'), num_images)
        texts = {}
        for name, value in local.items():
            texts[name], text_rows = _share(value, num_texts)
        text = texts['text_feat']

        plain_text = to_text = image[slice(*image_rows)] @ text.t()
        plain_image = to_image = text[slice(*text_rows)] @ image.t()
        if self.k_test:
            pairs = _Pairs(self, image, tokens, image_rows, texts)
            to_text = pairs.rank_texts()
            to_image = pairs.rank_images()[slice(*text_rows)]
        text_targets, image_targets = [], []
        for sample in data_samples[: len(to_text)]:
            text_targets.append(sample.get('gt_text_id'))
            image_targets.extend(sample.get('gt_image_id'))
        return (
            fill_samples(to_text, text_targets, plain_text),
            fill_samples(to_image, image_targets, plain_image),
        )


class _Pairs:
    """Scores of chosen pairs of local images with any texts.

    Args:
        model (MatchingRetrieval): The model.
        image (Tensor): Joint features of all images, shape ``(I, E)``.
        tokens (Tensor): Tokens of the local images, shape ``(B, M, C)``.
        image_rows (tuple[int, int]): Which of all images are local.
        texts (dict[str, Tensor]): Features of all texts.
    """

    def __init__(
        self,
        model: MatchingRetrieval,
        image: Tensor,
        tokens: Tensor,
        image_rows: Rows,
        texts: Dict[str, Tensor],
    ) -> None:
        self.model = model
        self.image, self.tokens, self.image_rows = image, tokens, image_rows
        self.text = texts['text_feat']
        self.ids, self.states = texts['text_ids'], texts.get('text_states')

    def rank_texts(self) -> Tensor:
        """Scores of all texts for the local images, shape ``(B, T)``."""
        begin, end = self.image_rows
        chosen = self._propose(self.image[begin:end], self.text)
        queries = torch.arange(begin, end, device=chosen.device)
        queries = queries.unsqueeze(1).expand_as(chosen)
        scores = self._score(queries.flatten(), chosen.flatten())
        return self._spread(scores.view_as(chosen), chosen, len(self.text))

    def rank_images(self) -> Tensor:
        """Scores of all images for all texts, shape ``(T, I)``.

        Every process scores the proposed images that it has.
        """
        chosen = self._propose(self.text, self.image)
        begin, end = self.image_rows
        mine = (chosen >= begin) & (chosen < end)
        queries, columns = mine.nonzero(as_tuple=True)
        scores = self.text.new_full(chosen.shape, float('-inf'))
        scores[queries, columns] = self._score(
            chosen[queries, columns], queries
        ).to(scores.dtype)
        all_reduce(scores, op='max')
        return self._spread(scores, chosen, len(self.image))

    def _propose(self, queries: Tensor, gallery: Tensor) -> Tensor:
        """Best candidates of each query by contrast, ``(Q, k)``."""
        k = min(self.model.k_test, len(gallery))
        # In pieces: all similarities of a large set would take gigabytes.
        best = [
            (part @ gallery.t()).topk(k, dim=1).indices
            for part in queries.split(1024)
        ]
        return torch.cat(best) if best else queries.new_empty(0, k).long()

    def _score(self, images: Tensor, texts: Tensor) -> Tensor:
        """Score pairs, given by positions in the whole set, ``(P,)``."""
        scores = [self.text.new_empty(0)]
        size = self.model.rerank_batch_size
        for image, text in zip(images.split(size), texts.split(size)):
            states = self.model.cross_encode(
                self.ids[text],
                None if self.states is None else self.states[text],
                self.tokens[image - self.image_rows[0]],
            )
            logits = self.model.heads['itm'](states)
            score = logits[:, 1]
            if self.model.rerank_score == 'logit_margin':
                score = score - logits[:, 0]
            if self.model.add_similarity:
                score = score + (self.image[image] * self.text[text]).sum(1)
            scores.append(score.to(self.text.dtype))
        return torch.cat(scores)

    @staticmethod
    def _spread(scores: Tensor, chosen: Tensor, width: int) -> Tensor:
        """Put scores into their columns; all others rank last."""
        spread = scores.new_full((len(scores), width), float('-inf'))
        return spread.scatter_(1, chosen, scores)


def _share(rows: Tensor, total: Optional[int]) -> Tuple[Tensor, Rows]:
    """Gather rows of all processes, of which each may have other numbers.

    Args:
        rows (Tensor): Local rows, shape ``(N, ...)``.
        total (int, optional): Rows of the whole set; what comes after them is
            repeated and left out. None takes all.

    Returns:
        tuple[Tensor, tuple[int, int]]: All rows, and which of them are the
        local ones.
    """
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [int(number) for number in all_gather(count)]
    padding = rows.new_zeros(max(counts) - len(rows), *rows.shape[1:])
    gathered = all_gather(torch.cat([rows, padding]))
    everything = torch.cat([r[:n] for r, n in zip(gathered, counts)])[:total]
    begin = min(sum(counts[: get_rank()]), len(everything))
    end = min(begin + len(rows), len(everything))
    return everything, (begin, end)
